import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { fetchableUrl } from '../admission/canonical-url.ts'
import { counted } from '../base/format.ts'
import { showValue } from '../base/show.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { SourceContext } from '../contracts/source.ts'

/**
 * Lists that a user brings along: a file, or what is piped in. They are read piece by piece and only as fast as the crawl
 * takes them, so ten million lines cost no more memory than ten. Editors and spreadsheets leave their marks: a byte order
 * mark, UTF-16, line ends of Windows and old Macs. What is wrong with a line is told by its number, and the others go on.
 */
export interface Line {
  /** From 1. */
  readonly number: number
  /** Without its end. */
  readonly text: string
}

/** A file, or `-` for what is piped in; with what a source's context says of that. */
type Place = Pick<SourceContext, 'input'>

/** A line beyond this is cut: it is no URL and no name. */
const longestLine = 65_536

/** Wrong lines that are told each by itself. */
const mostTold = 10

/** The bytes of it. Throws PARAM_INVALID where there is none. */
export async function* readPlace(path: string, { input }: Place): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    if (!input)
      throw unreadable('stdin', 'nothing is piped in; a crawl that goes on needs the list piped in again')
    for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    return
  }
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
  } catch (error) {
    throw unreadable(path, messageOf(error), error)
  }
}

/** The text of it, piece by piece: UTF-8, or UTF-16 where its byte order mark says so. */
export async function* readText(path: string, place: Place): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  let head: Uint8Array = new Uint8Array(0)
  for await (const chunk of readPlace(path, place)) {
    if (decoder === undefined) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      if (head.length < 2) continue
      decoder = new TextDecoder(encodingOf(head))
      yield decoder.decode(head, { stream: true })
    } else yield decoder.decode(chunk, { stream: true })
  }
  yield decoder === undefined ? new TextDecoder().decode(head) : decoder.decode()
}

/** Its lines, empty ones too. */
export async function* readLines(path: string, place: Place): AsyncGenerator<Line> {
  let rest = ''
  let number = 0
  for await (const piece of readText(path, place)) {
    const lines = (rest + piece).split(/\r\n|\n|\r(?=[^\n])/)
    rest = lines.pop()!.slice(0, longestLine)
    for (const text of lines) yield { number: ++number, text }
  }
  // A carriage return at the end of a piece waits for what comes behind it.
  if (rest !== '') yield { number: ++number, text: rest.replace(/\r$/, '') }
}

/** Its lines without blanks around them; without empty ones, and what stands behind a `#` at their start or after a blank. */
export async function* readEntries(path: string, place: Place): AsyncGenerator<Line> {
  for await (const { number, text } of readLines(path, place)) {
    const comment = /(?:^|\s)#/.exec(text)
    const entry = (comment ? text.slice(0, comment.index) : text).trim()
    if (entry !== '') yield { number, text: entry }
  }
}

/**
 * The URLs of a file with one on each line, absolute, in its order. A line that is no http or https URL, or has a password in it,
 * is told to `log` by its number. Throws PARAM_INVALID where the file cannot be read.
 */
export async function* readUrls(
  path: string,
  context: Place & Pick<SourceContext, 'log'>,
): AsyncGenerator<string> {
  const wrong = new WrongLines(path, context)
  for await (const { number, text } of readEntries(path, context)) {
    const url = /^https?:/i.test(text) ? fetchableUrl(text) : undefined
    if (url !== undefined) yield url
    else wrong.tell(number, `no http or https URL: ${showValue(text)}`)
  }
  wrong.end()
}

/** Tells the first wrong lines of a list, and how many more there are. */
export class WrongLines {
  readonly #name: string
  readonly #log: SourceContext['log']
  #count = 0

  constructor(path: string, { log }: Pick<SourceContext, 'log'>) {
    this.#name = path === '-' ? 'stdin' : basename(path)
    this.#log = log
  }

  /** `fault`: what the line is, without a full stop. */
  tell(number: number, fault: string): void {
    if (++this.#count <= mostTold) this.#log(`Line ${number} of ${this.#name} is left out: it is ${fault}.`)
  }

  end(): void {
    const more = this.#count - mostTold
    if (more > 0)
      this.#log(`${counted(more, 'more line')} of ${this.#name} ${more === 1 ? 'is' : 'are'} left out.`)
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

function unreadable(path: string, why: string, cause?: unknown): RegattaError {
  return new RegattaError('PARAM_INVALID', `The list ${path} cannot be read: ${why.replace(/\.$/, '')}.`, {
    value: { issues: [{ path: '', message: why }] },
    cause,
  })
}
