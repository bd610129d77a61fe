import type { BodyFile } from './body-file.ts'

/**
 * What one attempt brings home. A transport tells what happened (an Exchange: a Response or a Fault), a classifier says
 * what it means (a Verdict), an attempt reports both with its measurements (an Outcome). Expected failure is a value
 * here: nothing on this path rejects or throws.
 */

/** How far an attempt had come. The phase is half of the evidence about whose fault it was. */
export type Phase =
  | 'dial' // TCP to the proxy (to the target when direct)
  | 'handshake' // SOCKS or CONNECT, and TLS to an HTTPS proxy
  | 'tls' // TLS to the target, through the tunnel
  | 'headers' // request sent, no complete response head yet
  | 'body' // response head in, body not complete
  | 'decode' // body complete, content encoding undone
  | 'redirect' // the answer is a redirect, and leads where nothing can be asked
  | 'local' // this machine: out of sockets, cancelled, stalled

/** The phases in their order. */
export const phases = [
  'dial',
  'handshake',
  'tls',
  'headers',
  'body',
  'decode',
  'redirect',
  'local',
] as const satisfies readonly Phase[]

/** Every way an attempt can fail before there is a complete response. docs/verdicts.md has the rows of the taxonomy. */
export type FaultCause =
  // dial
  | 'proxy-dns' // the proxy's own name does not resolve
  | 'dial-refused' // nobody listens at the proxy's port
  | 'dial-unreachable' // no way to the proxy's address
  | 'dial-timeout' // nothing answered the dial
  | 'dial-reset' // the connection to the proxy broke at once
  // handshake, any protocol
  | 'handshake-timeout' // the proxy took the connection and said nothing
  | 'handshake-closed' // the socket ended in the middle
  | 'handshake-garbage' // not the protocol that was promised
  | 'proxy-tls' // TLS to an HTTPS proxy failed
  | 'proxy-auth' // SOCKS5 0xFF or status ≠ 0, SOCKS4 0x5C/0x5D, HTTP 407
  | 'proxy-quota' // CONNECT 402
  | 'proxy-busy' // CONNECT 429: the proxy limits us, not the host
  // SOCKS replies
  | 'socks-general-failure' // SOCKS5 reply 0x01
  | 'socks-not-allowed' // SOCKS5 reply 0x02
  | 'socks-network-unreachable' // SOCKS5 reply 0x03
  | 'socks-host-unreachable' // SOCKS5 reply 0x04
  | 'socks-connection-refused' // SOCKS5 reply 0x05
  | 'socks-ttl-expired' // SOCKS5 reply 0x06
  | 'socks-command-unsupported' // SOCKS5 reply 0x07
  | 'socks-address-unsupported' // SOCKS5 reply 0x08
  | 'socks-rejected' // SOCKS4 0x5B and codes nobody assigned
  // CONNECT replies
  | 'connect-forbidden' // CONNECT 403, 405, 501, or Proxy-Status: http_request_denied
  | 'connect-failed' // CONNECT 5xx that says no more
  | 'host-not-found' // CONNECT 5xx with Proxy-Status (RFC 9209) or a known header: the host's name does not resolve there
  | 'connect-target' // CONNECT 5xx with Proxy-Status naming the destination otherwise: refused, unreachable, timeout
  | 'connect-proxy-error' // CONNECT 5xx with Proxy-Status naming the proxy itself: internal error, configuration, loop
  | 'connect-injected' // bytes behind the CONNECT head, before we spoke
  // TLS to the target
  | 'tls-timeout' // TLS to the target did not complete in time
  | 'tls-closed' // TLS to the target was cut off
  | 'tls-certificate' // the certificate is not the target's
  | 'tls-alert' // handshake failure: versions, ciphers, fingerprint
  // the exchange itself
  | 'stale-socket' // a kept-alive connection was already dead: nothing was processed
  | 'reset' // ended after the request was sent, before a response head
  | 'headers-timeout' // no response head in time
  | 'http-garbage' // not HTTP at all
  | 'malformed' // HTTP that cannot be read: a broken frame, two lengths, a NUL in the head
  | 'head-too-large' // a head of more than 256 KB
  | 'body-timeout' // no byte for the idle limit
  | 'body-slow' // under the minimum rate
  | 'body-short' // ended before Content-Length or the last chunk
  | 'body-reset' // the connection broke inside the body
  | 'body-too-large' // longer than `maxBody`
  | 'decode-failed' // broken gzip, br, deflate or zstd
  | 'decode-bomb' // decodes past the size cap
  | 'total-timeout' // the attempt as a whole took too long
  | 'redirect-limit' // too many hops, or a loop
  | 'redirect-not-web' // to what is not http or https, or is no URL at all
  | 'redirect-refused' // its caller wants no redirect (`redirect: 'error'`)
  | 'private-target' // an address of a local network, which this request may not ask
  | 'request-invalid' // a URL, a header or a method that HTTP does not allow
  | 'not-recorded' // nothing is asked (a replay, or offline), and no answer to this is kept
  // us
  | 'local-resources' // EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL
  | 'local-disk' // a large body could not be written: full, read-only, broken
  | 'local-network' // no route or interface here: ENETDOWN, ENETUNREACH, EAI_AGAIN
  | 'cancelled' // aborted by the race, the deadline or the caller

/** Whether something came that cannot be read as HTTP. */
export function isUnreadable(cause: FaultCause): boolean {
  return cause === 'malformed' || cause === 'head-too-large' || cause === 'http-garbage'
}

/** How long an attempt took. */
export interface Timing {
  /** Milliseconds until the tunnel stood (0 on a reused connection). */
  readonly connectMs: number
  /** Milliseconds from the attempt's start to the response head; undefined if none came. */
  readonly firstByteMs: number | undefined
  /** Milliseconds from the attempt's start to its end. */
  readonly totalMs: number
}

/** What an attempt moved. */
export interface Traffic {
  /** Body bytes on the wire, both directions, before decoding. */
  readonly bytes: number
  /**
   * All bytes that went out over the connection for this attempt: dial and handshakes, TLS, heads, bodies. What a provider
   * meters. Default: not known, and counted as 0.
   */
  readonly bytesSent?: number
  /** The same for what came in. Default: not known, and counted as `bytes`. */
  readonly bytesReceived?: number
  /** Whether a kept-alive connection served it. */
  readonly reused: boolean
  /** Whether TLS to the target was verified: then the host was truly reached. */
  readonly verified: boolean
}

/** A complete answer. */
export interface HttpResponse extends Timing, Traffic {
  readonly kind: 'response'
  /** The URL that answered, after redirects. */
  readonly url: string
  /** HTTP status, 100–599. */
  readonly status: number
  /** The words behind it, as the server sent them. Default: none. */
  readonly statusText?: string
  /** Names in lower case; `set-cookie` is an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decoded. Complete unless there is a `file`: then it is the first 64 KiB. */
  readonly body: Uint8Array
  /** The whole body, decoded, when it was too large for memory (see response-body.ts). The last to hold it removes it. */
  readonly file?: BodyFile
  /** The URLs that led to `url` by their redirects, oldest first. The transport, which follows none, leaves it empty. */
  readonly redirects: readonly string[]
  /** True for absolute-form HTTP through an HTTP proxy, where a 5xx may be the proxy's own. */
  readonly forwarded: boolean
}

/** An attempt that broke before there was a complete answer. */
export interface Fault extends Timing, Traffic {
  readonly kind: 'fault'
  /** How far it had come. */
  readonly phase: Phase
  /** How it broke. */
  readonly cause: FaultCause
  /** One sentence for people, without credentials. Nothing decides on it. */
  readonly detail: string
  /** The HTTP status or SOCKS reply code behind it, where there was one. */
  readonly code?: number
  /** Milliseconds that a proxy or host asked us to wait, where it said so. */
  readonly retryAfterMs?: number
}

/** What happened on the wire: a complete answer, or a fault. */
export type Exchange = HttpResponse | Fault

/** Whose doing it was. docs/verdicts.md lists every reason and row of each. */
export type VerdictKind =
  | 'success' // a good answer
  | 'final' // a permanent answer of the target: the task is done, the proxy is credited
  | 'blocked' // this host refuses this proxy
  | 'challenge' // blocked by a page that a resolver might solve on the same proxy
  | 'dead' // the proxy is at fault
  | 'target' // the host is ill
  | 'rate-limited' // slow down; nobody is to blame
  | 'transient' // somewhere on the path; the blame is split by cross-evidence
  | 'neutral' // says nothing about anybody: cancelled, local, stale connection

/** All of them, for those who are told one by a user or a file. */
export const verdictKinds = Object.keys({
  success: true,
  final: true,
  blocked: true,
  challenge: true,
  dead: true,
  target: true,
  'rate-limited': true,
  transient: true,
  neutral: true,
} satisfies Record<VerdictKind, true>) as readonly VerdictKind[]

/** What an answer or a fault means. */
export interface Verdict {
  /** Whose doing it was. */
  readonly kind: VerdictKind
  /** A stable slug such as `dial-refused`, `captcha` or `status-404`: for people, metrics and agreement tests. */
  readonly reason: string
  /** How much of one failure this counts, in (0, 1]; default 1. */
  readonly weight?: number
  /** For `dead`: certain enough to trip after three in a row (refused, garbage). */
  readonly hard?: boolean
  /** For `dead` by credential or quota: it speaks of every proxy that shares the credential. */
  readonly credential?: boolean
  /** For `dead` and `blocked`: do not come back by time alone (forged certificate, country). */
  readonly permanent?: boolean
  /** For `rate-limited`: who limits. Default `host`. */
  readonly limiter?: 'host' | 'proxy'
  /** For `rate-limited`: milliseconds to wait, already clamped; undefined means back off. */
  readonly retryAfterMs?: number
}

/** One attempt, finished. Exactly one per attempt, whatever happened. */
export interface Outcome {
  /** What happened. */
  readonly exchange: Exchange
  /** What it means. */
  readonly verdict: Verdict
  /** Clock time in milliseconds. */
  readonly startedAt: number
  /** Clock time in milliseconds. */
  readonly endedAt: number
}
