import { verdictReasons } from '../../classify/verdicts.ts'
import type { FaultCause } from '../../contracts/outcome.ts'
import type { RunRecord } from './run-record.ts'

/** What a reason means, and what to do about it: for a reader who meets it for the first time. */
export function meaningOf(reason: string): string {
  const known: Readonly<Record<string, { readonly meaning: string }>> = verdictReasons
  if (Object.hasOwn(known, reason)) return known[reason]!.meaning
  const status = /^status-(\d+)$/.exec(reason)
  if (status) return `The server answers ${status[1]}.`
  return Object.hasOwn(faults, reason) ? (faults[reason] ?? '') : ''
}

const faults: Readonly<Partial<Record<string, string>> & Record<FaultCause, string>> = {
  'proxy-dns': "The proxy's own name does not resolve.",
  'dial-refused': "Nobody listens at the proxy's port.",
  'dial-unreachable': "There is no way to the proxy's address.",
  'dial-timeout': 'Nothing answered when the proxy was dialled.',
  'dial-reset': 'The connection to the proxy broke at once.',
  'handshake-timeout': 'The proxy took the connection and said nothing.',
  'handshake-closed': 'The proxy hung up in the middle of the handshake.',
  'handshake-garbage': 'The proxy does not speak the protocol that its list says.',
  'proxy-tls': 'TLS to the proxy itself failed.',
  'proxy-auth': 'The proxy refuses user and password.',
  'proxy-quota': 'The traffic of the account is used up.',
  'proxy-busy': 'The proxy itself asks to slow down.',
  'socks-general-failure': 'The proxy could not connect, and does not say why.',
  'socks-not-allowed': 'The proxy is not allowed to go there.',
  'socks-network-unreachable': "The host's network cannot be reached from the proxy.",
  'socks-host-unreachable': 'The host cannot be reached from the proxy.',
  'socks-connection-refused': 'The host refused the connection of the proxy.',
  'socks-ttl-expired': 'The way from the proxy to the host is too long.',
  'socks-command-unsupported': 'The proxy does not take the command to connect.',
  'socks-address-unsupported': 'The proxy does not take this kind of address.',
  'socks-rejected': 'The proxy rejected the request.',
  'connect-forbidden': 'The proxy forbids tunnels to this host.',
  'connect-failed': 'The proxy could not build the tunnel.',
  'host-not-found': "The host's name does not resolve at the proxy.",
  'connect-target': 'The proxy says that the host cannot be reached.',
  'connect-proxy-error': 'The proxy says that it is broken itself.',
  'connect-injected': 'The proxy sent something of its own into the tunnel.',
  'tls-timeout': 'TLS to the host did not complete in time.',
  'tls-closed': 'TLS to the host was cut off.',
  'tls-certificate': "The certificate is not the host's: somebody sits between.",
  'tls-alert': 'The host refused the TLS handshake.',
  'stale-socket': 'A kept connection was closed already.',
  reset: 'The connection broke before an answer came.',
  'headers-timeout': 'No answer began in time.',
  'http-garbage': 'What came is not HTTP.',
  malformed: 'What came is broken HTTP.',
  'head-too-large': 'The head of the answer is larger than 256 kB.',
  'body-timeout': 'The body stopped coming.',
  'body-slow': 'The body came too slowly.',
  'body-short': 'The body ended too early.',
  'body-reset': 'The connection broke inside the body.',
  'body-too-large': 'The body is larger than maxBody allows.',
  'decode-failed': 'The body is compressed, and broken.',
  'decode-bomb': 'The body unpacks to far more than is allowed.',
  'total-timeout': 'The attempt as a whole took too long.',
  'redirect-limit': 'Redirects without end.',
  'redirect-not-web': 'It redirects to what is no web page.',
  'redirect-refused': 'It redirects, and the caller wants no redirect.',
  'private-target': 'It leads to an address of a local network.',
  'request-invalid': 'HTTP does not allow this request.',
  'not-recorded': 'Nothing was asked, and no answer to this is kept.',
  'local-resources': 'This machine has run out of sockets or memory.',
  'local-disk': "This machine's disk could not take a large body.",
  'local-network': 'This machine has no network.',
  cancelled: 'It was cancelled: another attempt had won, or its time was over.',
}

/** By whose doing it was. */
export function remedyFor(verdict: string, called: string): string {
  switch (verdict) {
    case 'dead':
      return `See which proxies live: ${called} proxies check LIST.`
    case 'blocked':
    case 'challenge':
      return 'Ask more slowly (--interval 5s), use other proxies, or say who asks (--user-agent).'
    case 'rate-limited':
      return 'It was obeyed. A lower --rate spends fewer attempts.'
    case 'target':
      return 'The host is ill: go on later.'
    case 'transient':
      return 'It was tried again elsewhere; nothing to do unless it is most of them.'
    default:
      return ''
  }
}

/** Whose doing it was, for people. */
export const verdictWords: Readonly<Record<string, string>> = {
  blocked: 'refused by the host',
  challenge: 'refused by the host',
  dead: 'the proxy',
  target: 'the host',
  'rate-limited': 'too fast for the host',
  transient: 'on the way',
  final: 'a final answer',
}

/** What to do about requests that were given up. */
export function remedyForDead(
  reason: string,
  { called, folder }: Pick<RunRecord, 'called' | 'folder'>,
): string {
  if (reason === 'source-failed' || reason === 'item-invalid') return 'Mend the source, then try them again.'
  if (/^status-4(04|10)$/.test(reason)) return 'The pages are not there: an answer, and no fault.'
  return folder === null ? '' : `${called} dead retry ${folder} --reason ${reason}`
}
