/**
 * What a reader would see of a page: text without tags, comments, scripts, styles and title, white space folded. By hand
 * and not by regular expression, because every search goes forward only: a hostile page cannot make it quadratic.
 */
const hiddenElements = ['script', 'style', 'title', 'noscript', 'template', 'svg']

/** `html` is in lower case. */
export function readableText(html: string): string {
  let text = ''
  let at = 0
  for (;;) {
    const open = html.indexOf('<', at)
    if (open < 0) return tidy(text + html.slice(at))
    text += `${html.slice(at, open)} `
    const close = endOfMarkup(html, open)
    if (close < 0) return tidy(text)
    at = close
  }
}

/** White space folded. */
export function tidy(text: string): string {
  return text.replaceAll('&nbsp;', ' ').replaceAll(/\s+/g, ' ').trim()
}

/** Behind the comment, the hidden element or the tag that opens here; negative when it never ends. */
function endOfMarkup(html: string, open: number): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4)
  const hidden = hiddenElements.find((name) => html.startsWith(name, open + 1))
  if (hidden === undefined) return after(html, '>', open + 1)
  const end = html.indexOf(`</${hidden}`, open)
  return end < 0 ? -1 : after(html, '>', end)
}

function after(html: string, what: string, from: number): number {
  const at = html.indexOf(what, from)
  return at < 0 ? -1 : at + what.length
}
