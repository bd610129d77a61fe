import { Buffer } from 'node:buffer'
import { dead } from '../verdicts.ts'
import { hostOf, isSameSite, type Rule } from '../view.ts'

/**
 * Row 33: somebody else's page, as when a proxy mixes up the answers of two connections. One exchange tells only when
 * the page names its home: a canonical link to another host, on a host whose pages never do that, without a word of the
 * host we asked. Mirrors do it on every page, so without a norm nothing is said. Within verified TLS no proxy can.
 */
const enough = 20
const headLimit = 4_096

export const wrongPage: Rule = {
  name: 'wrong-page',
  judge(response, view) {
    const { norm } = view
    if (!view.isForgeable || norm.pages < enough || (norm.foreignCanonicalShare ?? 1) >= 0.01 || !view.isHtml)
      return undefined
    const size = Math.min(response.body.length, headLimit)
    const canonical = canonicalHost(Buffer.from(response.body.buffer, response.body.byteOffset, size))
    if (canonical === undefined || isSameSite(canonical, view.host) || view.text.includes(view.host))
      return undefined
    const asked = hostOf(view.request.url)
    if (asked !== undefined && isSameSite(canonical, asked)) return undefined
    if (norm.agree?.('wrong-page', view.request.url, view.proxy.id)) return undefined
    return dead('wrong-page')
  },
}

/** The host that a page's canonical link names, in lower case. */
export function canonicalHost(head: Buffer): string | undefined {
  const at = head.indexOf('canonical')
  if (at < 0) return undefined
  const around = head.toString('latin1', Math.max(0, at - 512), Math.min(head.length, at + 512))
  const link = /<link\b[^<>]{0,500}?\brel\s{0,9}=\s{0,9}["']?canonical\b[^<>]*>/i.exec(around)?.[0]
  const target =
    link === undefined
      ? undefined
      : /\bhref\s{0,9}=\s{0,9}["']?\s{0,9}https?:\/\/([^/"'\s>:?#]+)/i.exec(link)?.[1]
  return target?.toLowerCase()
}
