import type { Clock } from '../base/clock.ts'
import { readProxy } from '../fleet/parse-proxy.ts'
import { probeScheme } from '../transport/probe-scheme.ts'

/** Proxies that are asked, and how long each is waited for, ms. */
const [asked, patience] = [3, 2_000]

/**
 * A list under the wrong scheme looks like a list of dead proxies. So when none has answered, a few are asked what they
 * speak: the sentence says it, and what to write. Undefined when they speak what their scheme says, or nothing.
 */
export async function wrongScheme(labels: readonly string[], clock: Clock): Promise<string | undefined> {
  for (const label of labels.slice(0, asked)) {
    const spoken = await otherScheme(label, clock)
    if (spoken === undefined) continue
    const address = label.replace(/^\w+:\/\//, '').replace(/#.*$/, '')
    return `${label} speaks ${familyOf(spoken)}, not ${familyOf(label)}: write ${spoken}://${address}, or leave the scheme out and give --proxy-scheme ${spoken}.`
  }
  return undefined
}

/** The scheme of what a proxy speaks when it is of another family than its label says. */
export async function otherScheme(label: string, clock: Clock): Promise<string | undefined> {
  const proxy = readProxy(label.replace(/#.*$/, ''))
  if (typeof proxy === 'string' || proxy.endpoint.protocol === 'direct') return undefined
  const { protocol } = proxy.endpoint
  const { signal } = new AbortController()
  const spoken = await probeScheme(proxy.endpoint, { clock, timeoutMs: patience, signal })
  return spoken !== undefined && familyOf(spoken) !== familyOf(protocol) ? spoken : undefined
}

function familyOf(scheme: string): string {
  if (scheme.startsWith('socks4')) return 'SOCKS4'
  if (scheme.startsWith('socks')) return 'SOCKS5'
  return scheme.startsWith('https') ? 'HTTP over TLS' : 'HTTP'
}
