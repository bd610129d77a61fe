import type { ProxyProtocol } from '../../contracts/endpoint.ts'
import { type Fault, type FaultCause, isUnreadable, type Verdict } from '../../contracts/outcome.ts'
import { clampWait } from '../retry-after.ts'

/**
 * What an attempt without a complete answer means: the phase already is the evidence. Up to the tunnel only the proxy
 * can be at fault; behind it the path is shared and blame is split later by cross-evidence. A fault over verified TLS
 * was never the proxy's forgery. The table is exhaustive: a new cause does not compile without a verdict.
 */
type FaultVerdict = Omit<Verdict, 'reason'>

const refusedByProxy = { kind: 'dead', hard: true } as const
const deadAccount = { kind: 'dead', credential: true } as const
const onThePath = { kind: 'transient' } as const
const nobody = { kind: 'neutral' } as const
const policy = { kind: 'blocked' } as const
const final = { kind: 'final' } as const
/** Two of them count as one. What several exits agree on is the page's own: see secondThoughts() in race/judge.ts. */
const unreadable = { kind: 'dead', weight: 0.5 } as const

export const faultVerdicts = {
  // dial: rows 1–3
  'proxy-dns': { kind: 'dead' },
  'dial-refused': refusedByProxy,
  'dial-unreachable': refusedByProxy,
  'dial-timeout': { kind: 'dead', weight: 0.5 }, // a lost SYN is not proof
  'dial-reset': { kind: 'dead' },
  // handshake: rows 5–7, 15, 16, 18, 20, 22
  'handshake-timeout': { kind: 'dead' },
  'handshake-closed': { kind: 'dead', weight: 0.5 }, // see verdictOfFault: CONNECT may end with the host
  'handshake-garbage': refusedByProxy,
  'proxy-tls': { kind: 'dead' },
  'proxy-auth': deadAccount,
  'proxy-quota': deadAccount,
  'proxy-busy': { kind: 'rate-limited', limiter: 'proxy' },
  // SOCKS replies: rows 8–14
  'socks-general-failure': onThePath,
  'socks-not-allowed': policy,
  'socks-network-unreachable': onThePath,
  'socks-host-unreachable': onThePath,
  'socks-connection-refused': { kind: 'transient', weight: 0.5 }, // rather the target's
  'socks-ttl-expired': onThePath,
  'socks-command-unsupported': nobody, // a missing capability is no failure
  'socks-address-unsupported': nobody,
  'socks-rejected': onThePath,
  // CONNECT replies: rows 17, 19, 21, 23
  'connect-forbidden': policy,
  'connect-failed': onThePath,
  'host-not-found': onThePath, // for one proxy's resolver; several that agree are believed (host-health.ts)
  'connect-target': onThePath,
  'connect-proxy-error': { kind: 'dead' },
  'connect-injected': { kind: 'dead' },
  // TLS to the target: rows 24–26
  'tls-timeout': onThePath,
  'tls-closed': onThePath,
  'tls-certificate': { kind: 'dead', permanent: true },
  'tls-alert': { kind: 'target' },
  // the exchange: rows 27–32, 46, 49, 51, 52
  'stale-socket': nobody,
  reset: onThePath,
  'headers-timeout': onThePath,
  'http-garbage': unreadable,
  malformed: unreadable,
  'head-too-large': unreadable,
  'body-timeout': onThePath,
  'body-slow': onThePath,
  'body-short': onThePath,
  'body-reset': onThePath,
  'body-too-large': final,
  'decode-failed': onThePath,
  'decode-bomb': final,
  'total-timeout': onThePath,
  'redirect-limit': final,
  'redirect-not-web': final,
  'redirect-refused': final,
  'private-target': final,
  'request-invalid': final,
  // no proxy could bring it: row 53
  'not-recorded': final,
  // us: rows 4, 50
  'local-resources': nobody,
  'local-disk': nobody,
  'local-network': nobody,
  cancelled: nobody,
} as const satisfies Record<FaultCause, FaultVerdict>

const local: ReadonlySet<FaultCause> = new Set([
  'local-resources',
  'local-disk',
  'local-network',
  'cancelled',
])

/** Whether it happened on this machine, so that nobody may be judged by it. */
export function isLocal(fault: Fault): boolean {
  return fault.phase === 'local' || local.has(fault.cause)
}

/** `protocol`: that of the proxy. */
export function verdictOfFault(fault: Fault, protocol: ProxyProtocol): Verdict {
  const reason = fault.cause
  // It is our own archive that lacks it, and will the next time.
  if (isLocal(fault) && reason !== 'not-recorded') return { kind: 'neutral', reason }
  // Many HTTP proxies drop the connection when the host does; a SOCKS server has a reply for that.
  if (reason === 'handshake-closed' && (protocol === 'http' || protocol === 'https'))
    return { kind: 'transient', reason }
  // Nobody can break the framing inside verified TLS but the host itself.
  if (isUnreadable(reason) && fault.verified) return { kind: 'target', reason }
  // Over plain HTTP the redirect may be the proxy's own portal: let another exit say so too.
  if (reason === 'private-target' && !fault.verified && protocol !== 'direct')
    return { kind: 'transient', reason }
  const verdict: FaultVerdict = faultVerdicts[reason]
  if (verdict.kind !== 'rate-limited') return { ...verdict, reason }
  const retryAfterMs = clampWait(fault.retryAfterMs)
  return retryAfterMs === undefined ? { ...verdict, reason } : { ...verdict, reason, retryAfterMs }
}
