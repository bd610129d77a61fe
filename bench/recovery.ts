import { drift } from './recovery/drift.ts'
import { halfDead } from './recovery/half-dead.ts'
import { outage } from './recovery/outage.ts'
import type { Report } from './report.ts'

/**
 * How it bears what proxies and hosts do: half of the proxies dead, good ones that go bad and come back, a host that is
 * down for everybody. Drift and outage mostly wait, so they run at the same time; the half-dead run alone, because its
 * figures are rates.
 */
export async function recovery(report: Report, { isShort = false } = {}): Promise<void> {
  await halfDead(report, isShort ? { pages: 1_000, seeds: 1 } : { pages: 2_500, seeds: 3 })
  await Promise.all([
    drift(report, isShort ? { phases: 1, ms: 4_000 } : { phases: 3, ms: 17_000 }),
    outage(
      report,
      isShort
        ? { ms: 1_000, hosts: ['refusing'], atWorst: false }
        : { ms: 20_000, hosts: ['refusing', 'failing', 'silent'], atWorst: true },
    ),
  ])
}
