import type { Tokenizer } from 'htmlparser2'
import { atFirstUse } from '../base/at-first-use.ts'

/**
 * htmlparser2's tokenizer, which follows the HTML standard but for what pages do have: a script that writes another one
 * inside `<!-- … -->` ("script data double escaped state"), a `<![CDATA[` outside of SVG, which is a comment up to the
 * next `>` and would otherwise swallow the rest of a page, and a page that ends within a tag. It is mended here, in its
 * own states.
 */
type Callbacks = ConstructorParameters<typeof Tokenizer>[1]
type Options = ConstructorParameters<typeof Tokenizer>[0]

const htmlparser = atFirstUse<typeof import('htmlparser2')>('htmlparser2')

/** `takesCdata` is asked where a `<![CDATA[` comes. */
export function createTokenizer(
  options: Options,
  callbacks: Callbacks,
  takesCdata: () => boolean,
): Tokenizer {
  made ??= standardTokenizer()
  return new made(options, callbacks, takesCdata)
}

type Constructor = new (options: Options, callbacks: Callbacks, takesCdata: () => boolean) => Tokenizer
let made: Constructor | undefined

/** What of the tokenizer's own is read or changed here. */
interface Inner {
  readonly buffer: string
  index: number
  /** Where the text of a script begins, while it is read. */
  readonly sectionStart: number
  readonly currentSequence: Uint8Array
  sequenceIndex: number
  state: number
  stateText(character: number): void
  handleInAttributeValue(character: number, quote: number): void
  stateInSpecialTag(character: number): void
  stateCDATASequence(character: number): void
  stateInSpecialComment(character: number): void
  stateInSelfClosingTag(character: number): void
  handleTrailingData(): void
}

/** States of htmlparser2's, which have no names outside of it: `BeforeAttributeName`, `InSpecialComment`, `SpecialStartSequence`. */
const beforeAttribute = 8
const inBogusComment = 21
const inNameOfRawText = 23
const lessThan = 0x3c
const ampersand = 0x26
const whiteSpace = new Set([0x20, 0x0a, 0x09, 0x0c, 0x0d])

/** The class can only be made once htmlparser2 is loaded. */
function standardTokenizer(): Constructor {
  const { Tokenizer } = htmlparser()
  const Plain = Tokenizer as unknown as new (options: Options, callbacks: Callbacks) => Inner

  class StandardTokenizer extends Plain {
    /** Where the script ends that is being read; worked out when its first `</script` comes. */
    #scriptEnd = -1
    readonly #takesCdata: () => boolean

    constructor(options: Options, callbacks: Callbacks, takesCdata: () => boolean) {
      super(options, callbacks)
      this.#takesCdata = takesCdata
    }

    /** Most of a page is text and values of attributes, and is passed over at once. */
    override stateText(character: number): void {
      if (character === lessThan || character === ampersand) super.stateText(character)
      else this.#passUntil(lessThan)
    }

    override handleInAttributeValue(character: number, quote: number): void {
      if (character === quote || character === ampersand) super.handleInAttributeValue(character, quote)
      else this.#passUntil(quote)
    }

    /** To right before the next character that means something. */
    #passUntil(mark: number): void {
      const { buffer } = this
      const { length } = buffer
      let at = this.index + 1
      while (at < length) {
        const character = buffer.charCodeAt(at)
        if (character === mark || character === ampersand) break
        at++
      }
      this.index = at - 1
    }

    override stateInSpecialTag(character: number): void {
      const { currentSequence, sequenceIndex } = this
      // `</script` is there, and what follows it decides.
      if (sequenceIndex === currentSequence.length && isScript(currentSequence)) {
        const at = this.index - currentSequence.length
        if (this.#scriptEnd < at) this.#scriptEnd = endOfScript(this.buffer, this.sectionStart, at)
        if (at < this.#scriptEnd) {
          this.sequenceIndex = Number(character === lessThan)
          return
        }
      }
      super.stateInSpecialTag(character)
    }

    override stateCDATASequence(character: number): void {
      if (this.#takesCdata()) return super.stateCDATASequence(character)
      this.sequenceIndex = 0
      this.state = inBogusComment
      this.stateInSpecialComment(character)
    }

    /** `<path/ >` is not its own end. */
    override stateInSelfClosingTag(character: number): void {
      if (whiteSpace.has(character)) this.state = beforeAttribute
      else super.stateInSelfClosingTag(character)
    }

    override handleTrailingData(): void {
      if (this.state !== inNameOfRawText) super.handleTrailingData()
    }
  }
  return StandardTokenizer as unknown as Constructor
}

function isScript(sequence: Uint8Array): boolean {
  return sequence.length === 8 && sequence[2] === 0x73 && sequence[3] === 0x63
}

/**
 * The `</script` that ends the script that begins at `start`, and has its first one at `first`. Infinite when none does: a
 * script that is left open inside a comment takes the rest of the page along.
 */
function endOfScript(page: string, start: number, first: number): number {
  if (!page.slice(start, first).includes('<!--')) return first
  const marks = /<!--|-->|<(\/?)script(?=[\t\n\f\r />])/gi
  marks.lastIndex = start
  let state: 'plain' | 'escaped' | 'doubly escaped' = 'plain'
  for (let mark = marks.exec(page); mark !== null; mark = marks.exec(page)) {
    const [text, slash] = mark
    if (text === '<!--') {
      if (state === 'plain') state = 'escaped'
      marks.lastIndex -= 2 // its dashes may be those of `-->`
    } else if (text === '-->') state = 'plain'
    else if (slash === '') {
      if (state === 'escaped') state = 'doubly escaped'
    } else if (state === 'doubly escaped') state = 'escaped'
    else return mark.index
  }
  return Number.POSITIVE_INFINITY
}
