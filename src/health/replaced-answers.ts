import type { CheckRow } from './check.ts'
import type { Probe } from './probe.ts'

/**
 * Which proxies put something in place of an echo? Over plain HTTP a proxy can answer whatever it likes, and what it says alone proves
 * nothing: the target may have been down, or may have refused that exit. So a refusal (400 and above) is none of it, and
 * a page in place of the echo is held against a proxy only where two others have brought the echo itself.
 *
 * Echoes that came are not compared: an address, and headers that a proxy adds and says so, are different for each.
 */
const fewestOthers = 2

/** Something came, it is no refusal, and no echo. */
export function isReplaced({ kind, exchange }: Probe): boolean {
  return kind === 'refused' && exchange.kind === 'response' && exchange.status < 400
}

/** The rows, with those that lie marked. */
export function withLiars(rows: readonly CheckRow[]): CheckRow[] {
  const times = new Map<string, number>()
  for (const { echoed } of rows) for (const echo of echoed) times.set(echo, (times.get(echo) ?? 0) + 1)
  return rows.map((row) => {
    const isFoundOut = row.replaced.some((echo) => (times.get(echo) ?? 0) >= fewestOthers)
    return isFoundOut ? { ...row, state: 'lies', reason: 'not-an-echo' } : row
  })
}
