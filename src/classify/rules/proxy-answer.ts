import type { HttpResponse, Verdict } from '../../contracts/outcome.ts'
import { saysNotFound } from '../../transport/name-failure.ts'
import { proxyErrorOf } from '../proxy-status.ts'
import { readWait } from '../retry-after.ts'
import { blocked, dead, transient } from '../verdicts.ts'
import type { Rule, View } from '../view.ts'

/**
 * Rows 16, 18–20 and 45: with absolute-form HTTP the proxy answers with the same kind of response as the host, and its
 * own refusals and failures must not be taken for the host's. The evidence is headers that only proxies write
 * (Proxy-Status of RFC 9209, vendors' error headers, the Server line of proxy software), and statuses that only proxies
 * use. A bare 502, 503 or 504 could be either: it goes to the path.
 */
const proxySoftware =
  /^(?:squid|tinyproxy|privoxy|3proxy|mikrotik httpproxy|ccproxy|polipo|apache traffic server|ats|wingate)\b/i

export const proxyAnswer: Rule = {
  name: 'proxy-answer',
  judge(response, view) {
    if (!response.forwarded || response.verified) return undefined
    const { status } = response
    if (status === 407) return dead('proxy-auth', { credential: true })
    const named = proxyErrorOf(response.headers)
    if (status === 402 && (named !== undefined || isProxyServer(view))) return quota()
    if (named === 'quota') return quota()
    if (named === 'busy' || (status === 429 && (named !== undefined || isProxyServer(view))))
      return busy(view, response)
    if (named === 'policy') return blocked('proxy-policy')
    if (named === 'proxy') return dead('proxy-error')
    if (status >= 500 && saysNotFound(view.header('proxy-status'), view.header('x-squid-error')))
      return transient('host-not-found')
    if (named === 'target') return transient('proxy-unreachable-target')
    if (isProxyServer(view))
      return status >= 500 ? transient('proxy-gateway') : status === 403 ? blocked('proxy-policy') : undefined
    if (status === 502 || status === 504) return transient('proxy-gateway')
    if (status === 503 && readWait(response.headers, view.wall) === undefined)
      return transient('proxy-gateway')
    return undefined
  },
}

function isProxyServer(view: View): boolean {
  const server = view.header('server')
  return view.header('x-squid-error') !== undefined || (server !== undefined && proxySoftware.test(server))
}

function quota(): Verdict {
  return dead('proxy-quota', { credential: true })
}

function busy(view: View, response: HttpResponse): Verdict {
  const retryAfterMs = readWait(response.headers, view.wall)
  const verdict = { kind: 'rate-limited', reason: 'proxy-busy', limiter: 'proxy' } as const
  return retryAfterMs === undefined ? verdict : { ...verdict, retryAfterMs }
}
