import { pickIndex, type Random } from '../../base/random.ts'
import { latinWord } from './invented-words.ts'
import { isJson } from './inventions.ts'
import { headerIn, type Message } from './whole-message.ts'

/**
 * Changes to a true page that leave its shape alone, or nearly. They work on bytes, one character each, so that a page in
 * any encoding keeps it. Undefined: there was nothing to change, and the page passes as it is.
 */
export type Surgery = (truth: Message, random: Random) => Message | undefined

export const scriptAtEnd: Surgery = (truth, random) => insert(truth, scriptTag(random), /<\/body>/i, 'before')

export const scriptInHead: Surgery = (truth, random) =>
  insert(truth, scriptTag(random), /<head\b[^>]*>/i, 'behind')

export const scriptInline: Surgery = (truth, random) => {
  const name = latinWord(random)
  const code = `(function(){var ${name}=document.createElement("script");${name}.async=1;${name}.src="//${latinWord(random)}.lab/${hex(random)}";document.head.appendChild(${name})})()`
  return insert(truth, `<script>${code}</script>`, /<\/head>/i, 'before')
}

export const pixel: Surgery = (truth, random) => {
  const source = `http://${latinWord(random)}.lab/${hex(random)}.gif`
  return insert(truth, `<img src="${source}" width="1" height="1" alt="">`, /<\/body>/i, 'before')
}

export const refresh: Surgery = (truth, random) => {
  const target = `http://${latinWord(random)}.lab/${latinWord(random)}`
  const tag = `<meta http-equiv="refresh" content="${3 + pickIndex(random, 20)}; url=${target}">`
  return insert(truth, tag, /<head\b[^>]*>/i, 'behind')
}

export const comment: Surgery = (truth, random) =>
  insert(truth, `<!-- ${latinWord(random)} ${hex(random)} -->`, /<\/body>/i, 'before')

export const minified: Surgery = (truth) =>
  edited(truth, (html) => mapText(html, (text) => (text.trim() === '' ? '' : text)))

export const trackedLinks: Surgery = (truth, random) => {
  const way = `http://${latinWord(random)}.lab/go?u=`
  return edited(truth, (html) =>
    html.replace(anchor, (_, start: string, href: string) => start + way + encodeURIComponent(href)),
  )
}

/** Every parameter in a link that names a partner gets another one. */
export const affiliate: Surgery = (truth, random) => {
  const id = `${latinWord(random)}-${10 + pickIndex(random, 90)}`
  return edited(truth, (html) =>
    html.replace(/(\shref="[^"]*[?&;](?:tag|ref|aff|partner)=)[^"&]*/gi, (_, start: string) => start + id),
  )
}

const number = /\d{1,12}(?:[.,]\d{1,12})?/g
const price = /\d{1,9}[.,]\d\d\b/g

export const numbers: Surgery = (truth, random) => renumbered(truth, random, number)

export const prices: Surgery = (truth, random) => renumbered(truth, random, price)

export const oneNumber: Surgery = (truth, random) => {
  const count = [...textOf(truth).matchAll(number)].length
  const chosen = pickIndex(random, Math.max(1, count))
  let at = 0
  return inText(truth, (text) =>
    text.replace(number, (found) => (at++ === chosen ? otherNumber(found, random) : found)),
  )
}

/** A fifth of the text between two tags is left out. */
export const missingPart: Surgery = (truth) => {
  const longest = Math.max(
    ...textOf(truth)
      .split('\n')
      .map(({ length }) => length),
  )
  let isDone = false
  return inText(truth, (text) => {
    if (isDone || text.length < longest || text.length < 40) return text
    isDone = true
    const fifth = Math.floor(text.length / 5)
    return text.slice(0, 2 * fifth) + text.slice(3 * fifth)
  })
}

/** Cut at 60 %. */
export const truncated: Surgery = (truth) => {
  const body = truth.body.subarray(0, Math.floor(truth.body.length * 0.6))
  return truth.status === 200 && body.length > 0 ? { ...truth, body } : undefined
}

/** The page's tags with words, numbers and links that stand elsewhere on its site: on it, and on `other`. */
export function likeness(truth: Message, random: Random, other: Message | undefined): Message | undefined {
  const sources = [truth, ...(other ? [other] : [])]
  const words = sources.flatMap((each) => textOf(each).match(word) ?? [])
  const links = sources.flatMap((each) =>
    [...each.body.toString('latin1').matchAll(anchor)].map((found) => found[2]!),
  )
  if (words.length === 0) return undefined
  const reworded = inText(truth, (text) =>
    text
      .replace(word, () => words[pickIndex(random, words.length)]!)
      .replace(number, (found) => otherNumber(found, random)),
  )
  if (!reworded) return undefined
  const relinked = edited(reworded, (page) =>
    page.replace(anchor, (_, start: string) => start + links[pickIndex(random, links.length)]!),
  )
  return relinked ?? reworded
}

/** Words of ASCII letters that are no part of a longer one; a letter behind another byte may belong to that. */
const word = /(?<![\x80-\xff\w])[A-Za-z]{3,}(?![\x80-\xff\w])/g
const anchor = /(<a\s[^<>]{0,200}?href=")([^"]*)/gi

function scriptTag(random: Random): string {
  return `<script src="http://${latinWord(random)}.lab/${hex(random)}.js"></script>`
}

function hex(random: Random): string {
  return pickIndex(random, 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}

/** At the place, or at the end of a page that has none. */
function insert(
  truth: Message,
  piece: string,
  place: RegExp,
  side: 'before' | 'behind',
): Message | undefined {
  return edited(truth, (html) => {
    const found = place.exec(html)
    const at = !found ? html.length : side === 'before' ? found.index : found.index + found[0].length
    return html.slice(0, at) + piece + html.slice(at)
  })
}

function renumbered(truth: Message, random: Random, which: RegExp): Message | undefined {
  return inText(truth, (text) => text.replace(which, (found) => otherNumber(found, random)))
}

/** As many digits, and not the same number. */
function otherNumber(found: string, random: Random): string {
  const made = found.replace(/\d/g, (digit, at: number) =>
    String(at === 0 && digit !== '0' ? 1 + pickIndex(random, 9) : pickIndex(random, 10)),
  )
  return made === found ? found.replace(/\d(?=\D{0,9}$)/, (digit) => String((Number(digit) + 1) % 10)) : made
}

/** Changes what stands between tags, and in JSON what stands behind colons. */
function inText(truth: Message, change: (text: string) => string): Message | undefined {
  return edited(truth, (body) =>
    isJson(truth)
      ? body.replace(/(:\s*)("[^"]*"|[\d.]+)/g, (_, colon: string, value: string) => colon + change(value))
      : mapText(body, change),
  )
}

/** Passes what stands between tags to `change`; the code of a script or a style is part of its tag. */
function mapText(html: string, change: (text: string) => string): string {
  const small = html.toLowerCase()
  let out = ''
  for (let at = 0; ; ) {
    const start = html.indexOf('<', at)
    out += change(html.slice(at, start < 0 ? html.length : start))
    if (start < 0) return out
    const name = small.startsWith('<script', start)
      ? '</script'
      : small.startsWith('<style', start)
        ? '</style'
        : '>'
    const inner = small.indexOf(name, start)
    const end = inner < 0 ? -1 : html.indexOf('>', inner)
    if (end < 0) return out + html.slice(start)
    out += html.slice(start, end + 1)
    at = end + 1
  }
}

function textOf(message: Message): string {
  const body = message.body.toString('latin1')
  if (isJson(message)) return [...body.matchAll(/:\s*("[^"]*"|[\d.]+)/g)].map((found) => found[1]).join('\n')
  const texts: string[] = []
  mapText(body, (text) => {
    texts.push(text)
    return text
  })
  return texts.join('\n')
}

/** Undefined for what is no page, and where the change changes nothing. */
function edited(truth: Message, change: (text: string) => string): Message | undefined {
  const isPage = /html/i.test(headerIn(truth, 'content-type') ?? '') || isJson(truth)
  if (truth.status !== 200 || !isPage) return undefined
  const before = truth.body.toString('latin1')
  const after = change(before)
  return after === before ? undefined : { ...truth, body: Buffer.from(after, 'latin1') }
}
