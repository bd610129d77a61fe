import { formatCount } from '../src/base/format.ts'
import type { Fleet } from './fleet.ts'
import { KindSign } from './signs.tsx'
import { duration, percent } from './times.tsx'

/** What is said of a proxy beside the pointer. */
export function ProxyTip({ fleet, row }: { fleet: Fleet; row: number }) {
  const latency = fleet.latencyMs(row)
  return (
    <>
      <code>{fleet.id(row)}</code>
      <KindSign kind={fleet.kind(row)} />
      <span class="quiet">
        {percent(fleet.success(row))} · {latency < 0 ? 'no answer yet' : duration(latency)} ·{' '}
        {formatCount(fleet.attemptsOf(row))} attempts
      </span>
    </>
  )
}
