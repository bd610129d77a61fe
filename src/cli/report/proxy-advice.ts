import type { ProxyRow } from './run-record.ts'

/**
 * Which proxies to drop from a list and which to keep, by what they did in a run. A proxy is held against itself only:
 * where nobody got through, the hosts may be to blame, and then only what fails before a host is reached counts.
 */
export type Advice = 'drop' | 'keep' | 'watch' | 'untried'

export interface Advised {
  readonly row: ProxyRow
  readonly advice: Advice
  /** Why, in a few words; empty for what is kept. */
  readonly why: string
}

const fewest = 5
/** Of those that fail before a host is reached: there is nothing else to learn of them. */
const fewestDials = 3
const enough = 20

export function adviseProxies(rows: readonly ProxyRow[]): Advised[] {
  const isAnyGood = rows.some(({ good }) => good > 0)
  return rows.map((row) => ({ row, ...adviceFor(row, isAnyGood) }))
}

function adviceFor(row: ProxyRow, isAnyGood: boolean): { advice: Advice; why: string } {
  const { good, failed, trust, reason } = row
  const tried = good + failed
  // This machine itself stands in no list.
  if (row.proxy === 'direct') return { advice: 'keep', why: '' }
  if (trust === 'lies') return { advice: 'drop', why: 'it lies' }
  const isUnreachable = good === 0 && failsBefore.test(reason)
  if (tried < (isUnreachable ? fewestDials : fewest))
    return {
      advice: 'untried',
      why: tried === 0 ? 'it was not asked' : `it was asked ${tried === 1 ? 'once' : `${tried} times`}`,
    }
  const because = reason === '' ? '' : ` (${reason})`
  if (good === 0) {
    return isAnyGood || isUnreachable
      ? { advice: 'drop', why: `nothing of ${tried}${because}` }
      : { advice: 'watch', why: `nothing of ${tried}, as all others${because}` }
  }
  if (tried >= enough && good / tried < 0.1) return { advice: 'drop', why: `${good} of ${tried}${because}` }
  return good / tried >= 0.5
    ? { advice: 'keep', why: '' }
    : { advice: 'watch', why: `${good} of ${tried}${because}` }
}

/** No host was reached: it is the proxy, or the way to it. */
const failsBefore = /^(?:dial-|handshake-|proxy-|socks-(?:general|not-allowed|auth)|speaks-|top-up)/
