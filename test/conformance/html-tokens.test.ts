import { createTokenizer } from '../../src/source/html-tokenizer.ts'
import { checkStandard } from './check.ts'
import { type HtmlToken, standard } from './html-tokens.cases.ts'

checkStandard(standard, tokensOf)

function tokensOf(written: string): HtmlToken[] {
  const page = written.replaceAll(/\r\n?/g, '\n')
  const tokens: [string, ...unknown[]][] = []
  let name = ''
  let attributes: Record<string, string> = {}
  let attribute = ''
  let value = ''
  const slice = (from: number, to: number) => page.slice(from, to).replaceAll('\0', '\uFFFD')
  const lower = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
  const text = (data: string) => {
    const last = tokens.at(-1)
    if (last?.[0] === 'Character') last[1] += data
    else tokens.push(['Character', data])
  }
  const nothing = () => {}
  const tokenizer = createTokenizer(
    {},
    {
      onopentagname(from, to) {
        name = lower(slice(from, to))
        attributes = {}
      },
      onattribname(from, to) {
        attribute = lower(slice(from, to))
        value = ''
      },
      onattribdata(from, to) {
        value += slice(from, to)
      },
      onattribentity(codePoint) {
        value += String.fromCodePoint(codePoint)
      },
      onattribend() {
        attributes[attribute] ??= value
      },
      onopentagend: () => void tokens.push(['StartTag', name, attributes]),
      onselfclosingtag: () => void tokens.push(['StartTag', name, attributes, true]),
      onclosetag: (from, to) => void tokens.push(['EndTag', lower(slice(from, to))]),
      ontext: (from, to) => from >= 0 && text(page.slice(from, to)),
      ontextentity: (codePoint) => text(String.fromCodePoint(codePoint)),
      oncomment: (from, to, offset) => void tokens.push(['Comment', slice(from, to - offset)]),
      ...{ oncdata: nothing, ondeclaration: nothing, onprocessinginstruction: nothing, onend: nothing },
      isInForeignContext: () => false,
    },
    () => false,
  )
  tokenizer.write(page)
  tokenizer.end()
  return tokens
}
