import { tailOfBody } from '../../contracts/response-body.ts'
import { dead } from '../verdicts.ts'
import { isSameSite, latin1, type Rule } from '../view.ts'

/**
 * Row 34, the page kept and something added: a foreign host's script or frame behind `</html>`, or as the last thing
 * before `</body>`, which are the two places where a proxy adds without parsing. The second counts only by bare `http:`,
 * because sites that load from others have moved to https. Sites that do either themselves are told by other exits, for
 * each script host on its own (see doubts.ts).
 */
const tailLength = 4_096
/** How near to the end of the body counts as last. */
const lastLength = 256
const foreignSource =
  /<(?:script|iframe|embed)\b[^>]{0,300}?\ssrc\s{0,9}=\s{0,9}["']?(?:https?:)?\/\/([^/"'\s>:?#]+)/g

export const appendedScript: Rule = {
  name: 'appended-script',
  judge(response, view) {
    if (!view.isForgeable || !view.isHtml) return undefined
    const body = tailOfBody(response)
    const end = body.length
    // Most pages end plainly, and a few bytes tell.
    const isPlain = !latin1(body, end - 512, end).includes('//')
    if (isPlain && endsWithTag(body)) return undefined
    const source = foreignTail(latin1(body, end - tailLength, end).toLowerCase(), view.host)
    if (source === undefined) return undefined
    if (view.norm.agree?.(`injected-script ${source}`, view.request.url, view.proxy.id)) return undefined
    return dead('injected-script')
  },
}

/** The host of a foreign script at the end of the page: of any kind behind `</html>`, by bare `http:` before `</body>`. */
function foreignTail(tail: string, host: string): string | undefined {
  const htmlEnd = tail.indexOf('</html')
  const bodyEnd = tail.lastIndexOf('</body')
  for (const match of tail.matchAll(foreignSource)) {
    const isBehind = htmlEnd >= 0 && match.index > htmlEnd
    const isLast = bodyEnd >= 0 && match.index > bodyEnd - lastLength && match[0].includes('http://')
    if ((isBehind || isLast) && !isSameSite(match[1]!, host)) return match[1]
  }
  return undefined
}

function endsWithTag(body: Uint8Array): boolean {
  let last = body.length - 1
  while (last >= 0 && body[last]! <= 0x20) last--
  return last >= 6 && body[last] === 0x3e && /<\/html\s*>$/i.test(latin1(body, last - 15, last + 1))
}
