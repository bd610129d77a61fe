/**
 * What a reader would see of a page, for those who look at pages by the thousand and must not be slow: text without tags,
 * comments and what is not shown, pieces apart. By hand and not by regular expression, because every search goes forward
 * only: a hostile page cannot make it quadratic. What a source is given of a page is read with more care
 * (src/source/read-markup.ts).
 */
export type HiddenElement = 'script' | 'style' | 'noscript' | 'template' | 'svg' | 'title'

const all: readonly HiddenElement[] = ['script', 'style', 'title', 'noscript', 'template', 'svg']

/** `hidden` names the elements whose content is left out. Ends where a tag or an element never ends. */
export function readableText(markup: string, hidden: readonly HiddenElement[] = all): string {
  const pieces: string[] = []
  let at = 0
  for (;;) {
    const open = markup.indexOf('<', at)
    pieces.push(markup.slice(at, open < 0 ? undefined : open))
    if (open < 0) break
    at = endOfMarkup(markup, open, hidden)
    if (at < 0) break
  }
  return pieces.join(' ')
}

/** White space folded. */
export function tidy(text: string): string {
  return text.replaceAll('&nbsp;', ' ').replaceAll(/\s+/g, ' ').trim()
}

const closings = new Map(all.map((name) => [name, new RegExp(`</${name}`, 'gi')]))
const name = /[a-z]+/iy

/** Behind the comment, the hidden element or the tag that opens here; negative when it never ends. */
function endOfMarkup(markup: string, open: number, hidden: readonly HiddenElement[]): number {
  if (markup.startsWith('<!--', open)) return after(markup, '-->', open + 4)
  name.lastIndex = open + 1
  const tag = name.exec(markup)?.[0].toLowerCase()
  const element = hidden.find((each) => each === tag)
  if (element === undefined) return after(markup, '>', open + 1)
  const closing = closings.get(element)!
  closing.lastIndex = open
  const end = closing.exec(markup)?.index ?? -1
  return end < 0 ? -1 : after(markup, '>', end)
}

function after(markup: string, what: string, from: number): number {
  const at = markup.indexOf(what, from)
  return at < 0 ? -1 : at + what.length
}
