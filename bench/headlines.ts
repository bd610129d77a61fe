import { afterAnHour } from './headlines/hour.ts'
import { poolRate } from './headlines/pool-rate.ts'
import { threeExits } from './headlines/three-exits.ts'
import type { Report } from './report.ts'

/**
 * What the systems that Regatta replaces said of themselves, measured again in a lab. The last two mostly wait, so they
 * run at the same time.
 */
export async function headlines(report: Report, { isShort = false } = {}): Promise<void> {
  await poolRate(report, { minutes: isShort ? 3 : 8 })
  await Promise.all([
    afterAnHour(report, { seconds: isShort ? 4 : 20, isShort }),
    threeExits(
      report,
      isShort ? { pages: 9, illMs: 500, comparesOne: false } : { pages: 48, illMs: 4_000, comparesOne: true },
    ),
  ])
}
