import type { FaultCause, VerdictKind } from '../contracts/outcome.ts'
import type { VerdictReason } from './verdicts.ts'

/**
 * The failure taxonomy: everything that is told apart when a page is asked for through a proxy, numbered, so that rules,
 * tests and people can cite a row. docs/verdicts.md is printed from it, and test/classify/taxonomy.test.ts shows each row
 * to the real classifier. A number is never given to something else.
 */
export interface TaxonomyRow {
  readonly row: number
  /** What is seen. */
  readonly seen: string
  /** What it may be judged as, the usual first. */
  readonly kinds: readonly VerdictKind[]
  /** The reasons it is given. */
  readonly reasons: readonly (VerdictReason | FaultCause)[]
}

type Reasons = TaxonomyRow['reasons']

const row = (number: number, seen: string, kinds: readonly VerdictKind[], reasons: Reasons): TaxonomyRow => ({
  row: number,
  seen,
  kinds,
  reasons,
})

export const taxonomy: readonly TaxonomyRow[] = [
  // the way to the proxy
  row(1, 'the name of the proxy does not resolve', ['dead'], ['proxy-dns']),
  row(
    2,
    'the proxy refuses the connection, resets it, or cannot be reached',
    ['dead'],
    ['dial-refused', 'dial-unreachable', 'dial-reset'],
  ),
  row(3, 'nothing answers the dial', ['dead'], ['dial-timeout']),
  row(
    4,
    'this machine has no sockets, no room on its disk or no network',
    ['neutral'],
    ['local-resources', 'local-disk', 'local-network'],
  ),
  row(
    5,
    'another protocol than the one that was promised, or TLS to the proxy fails',
    ['dead'],
    ['handshake-garbage', 'proxy-tls'],
  ),
  row(6, 'the proxy takes the connection and says nothing', ['dead'], ['handshake-timeout']),
  row(7, 'SOCKS: the user or the password is refused', ['dead'], ['proxy-auth']),
  // replies of SOCKS proxies
  row(
    8,
    'SOCKS5 reply 0x01, which many servers send for everything',
    ['transient'],
    ['socks-general-failure'],
  ),
  row(
    9,
    'SOCKS5 reply 0x02: a rule of the proxy forbids this host or port',
    ['blocked'],
    ['socks-not-allowed'],
  ),
  row(
    10,
    'SOCKS5 replies 0x03 and 0x04: the proxy cannot reach the network or the host',
    ['transient'],
    ['socks-network-unreachable', 'socks-host-unreachable'],
  ),
  row(11, 'SOCKS5 reply 0x05: the host refuses the proxy', ['transient'], ['socks-connection-refused']),
  row(12, 'SOCKS5 reply 0x06: the way is too long', ['transient'], ['socks-ttl-expired']),
  row(
    13,
    'SOCKS5 replies 0x07 and 0x08: the proxy lacks the command or the kind of address',
    ['neutral'],
    ['socks-command-unsupported', 'socks-address-unsupported'],
  ),
  row(14, 'SOCKS4 reply 0x5B, or a code that nobody assigned', ['transient'], ['socks-rejected']),
  row(15, 'a SOCKS reply that breaks off', ['dead'], ['handshake-closed']),
  // replies of HTTP proxies
  row(
    16,
    'status 407: the proxy refuses the credential; inside a tunnel it is the host that says so',
    ['dead', 'blocked'],
    ['proxy-auth', 'status-*'],
  ),
  row(
    17,
    'CONNECT 403, 405 or 501: the proxy does not serve this host or port',
    ['blocked'],
    ['connect-forbidden', 'proxy-policy'],
  ),
  row(18, 'CONNECT 429: the proxy limits its user', ['rate-limited'], ['proxy-busy']),
  row(
    19,
    'CONNECT 5xx: whose doing it is stands in Proxy-Status or a header of the vendor, or nowhere',
    ['transient', 'dead'],
    [
      'connect-failed',
      'connect-target',
      'connect-proxy-error',
      'host-not-found',
      'proxy-unreachable-target',
      'proxy-error',
    ],
  ),
  row(20, 'status 402 of the proxy: traffic or money is used up', ['dead'], ['proxy-quota']),
  row(
    21,
    'CONNECT is refused with a page, which is never taken for the one of the host',
    ['blocked'],
    ['connect-forbidden'],
  ),
  row(22, 'an HTTP proxy closes the connection during CONNECT', ['transient'], ['handshake-closed']),
  row(23, 'bytes behind the head of CONNECT, before anything was sent', ['dead'], ['connect-injected']),
  // through the tunnel
  row(24, 'TLS through the tunnel never completes', ['transient'], ['tls-timeout', 'tls-closed']),
  row(
    25,
    'a certificate that is not the host’s; without a proxy it is the host’s fault',
    ['dead', 'target'],
    ['tls-certificate'],
  ),
  row(26, 'the host ends the TLS handshake with an alert', ['target'], ['tls-alert']),
  row(27, 'reset after the request was sent, before the response head', ['transient'], ['reset']),
  row(
    28,
    'no response head in time, or no end of the attempt',
    ['transient'],
    ['headers-timeout', 'total-timeout'],
  ),
  row(29, 'a body that trickles, or stops', ['transient'], ['body-slow', 'body-timeout']),
  row(30, 'a body that ends too early', ['transient'], ['body-short', 'body-reset', 'decode-failed']),
  row(
    31,
    'no HTTP, or HTTP that cannot be read; when three exits bring that, or all that are usable, it is the page',
    ['dead', 'target', 'neutral'],
    ['http-garbage', 'malformed', 'head-too-large'],
  ),
  row(32, 'a body above `maxBody`, as it is or decoded', ['final'], ['body-too-large', 'decode-bomb']),
  // a page in place of the page
  row(33, 'the page of another host', ['dead', 'blocked'], ['wrong-page', 'canary-missing']),
  row(
    34,
    'over plain HTTP: a portal, an advertisement, a script or a redirect that the proxy put in',
    ['dead', 'blocked'],
    [
      'captive-portal',
      'top-up',
      'injected-page',
      'injected-script',
      'injected-redirect',
      'unexpected-html',
      'canary-missing',
    ],
  ),
  row(
    35,
    'the request ends at a login, a consent wall or a block page; within a session a login is its owner’s business',
    ['blocked', 'final'],
    ['redirect-login', 'redirect-consent', 'redirect-block'],
  ),
  row(
    36,
    'status 200 and nothing in it; when five exits bring that, or all that are usable, it is the page',
    ['blocked'],
    ['empty-body'],
  ),
  row(
    37,
    'status 200 and a page that refuses: words, a captcha, an odd shape, or a text that is missing',
    ['blocked', 'dead'],
    ['soft-block', 'captcha', 'shape-outlier', 'marker-missing', 'canary-missing', 'denied-by-firewall'],
  ),
  row(
    38,
    'a challenge of a firewall, whatever its status',
    ['challenge', 'blocked'],
    [
      'challenge',
      'challenge-cloudflare',
      'challenge-akamai',
      'challenge-datadome',
      'challenge-perimeterx',
      'challenge-imperva',
      'challenge-aws',
      'challenge-kasada',
      'challenge-vercel',
      'denied-by-firewall',
    ],
  ),
  // statuses of the host
  row(
    39,
    'status 401: who asks must log in; within a session of a source, also a 403, or what its source says: the session begins anew',
    ['final'],
    ['status-*', 'session-invalid'],
  ),
  row(
    40,
    'status 403: this exit is refused; when five exits say so, or all that are usable, it is the page',
    ['blocked'],
    ['status-*'],
  ),
  row(41, 'a lasting 4xx about this page: 400, 404, 405, 406, 410, 414, 422, …', ['final'], ['status-*']),
  row(42, 'a 4xx that speaks of the moment: 408, 421, 425, 499', ['transient'], ['status-*']),
  row(43, 'status 429, or a 503 that says when', ['rate-limited'], ['status-*']),
  row(44, 'not offered in the country of this exit', ['blocked'], ['geo']),
  row(
    45,
    'a 5xx of the host; forwarded over plain HTTP it may be the proxy’s own',
    ['target', 'transient', 'dead'],
    ['status-*', 'proxy-gateway', 'proxy-unreachable-target', 'proxy-error', 'host-not-found'],
  ),
  row(46, 'redirects that go round, or on and on', ['final'], ['redirect-limit']),
  row(47, 'a page in another language than expected', ['blocked'], ['wrong-language']),
  row(48, 'an answer that shows an address of this machine', ['dead'], ['leak']),
  row(
    49,
    'a redirect to what is no web address, or to a private one that may not be asked, or for a caller who wants none; a request that HTTP does not allow',
    ['final', 'transient'],
    ['redirect-not-web', 'redirect-refused', 'private-target', 'request-invalid'],
  ),
  // nobody's doing
  row(50, 'the race is over, the task was cancelled, or the crawler stops', ['neutral'], ['cancelled']),
  row(51, 'a kept-alive connection was dead already', ['neutral'], ['stale-socket']),
  row(52, 'the server says that it has not processed the request', ['neutral'], ['stale-socket']),
  row(53, 'nothing is asked (a replay, or offline), and no answer is kept', ['final'], ['not-recorded']),
]
