import { expect, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { expectInvariants, expectNoDirectEgress, follow, isQuiet, type Logbook } from './invariants.ts'

/** A crawler and a lab with real sockets between them, and a clock that knows how many timers the crawler has armed. */
export interface LabScene extends AsyncDisposable {
  readonly lab: Lab
  readonly crawler: Crawler
  readonly log: Logbook
  readonly clock: CountingClock
  /** Waits for the last attempt, checks the invariant of all faults, stops, and checks that no socket or timer is left. */
  end(): Promise<void>
}

export type CountingClock = Clock & { readonly pending: number }

/** The real clock, counting. */
export function createCountingClock(): CountingClock {
  let pending = 0
  return {
    ...systemClock,
    get pending() {
      return pending
    },
    after(ms, fire) {
      pending++
      let isOver = false
      const end = () => {
        if (!isOver) pending--
        isOver = true
      }
      const cancel = systemClock.after(ms, () => {
        end()
        fire()
      })
      return () => {
        end()
        cancel()
      }
    },
  }
}

/** Short of patience, so that every phase's timeout shows in a test. */
export const impatient = {
  dial: 300,
  handshake: 300,
  tls: 400,
  firstByte: 500,
  idle: 500,
  total: 1_500,
  minRate: 0,
} as const

export async function openLabScene(
  scenario: Scenario,
  wanted: CrawlerOptions | ((lab: Lab) => CrawlerOptions) = {},
): Promise<LabScene> {
  const lab = await startLab(scenario)
  const options = typeof wanted === 'function' ? wanted(lab) : wanted
  const clock = createCountingClock()
  const ca = lab.ca === '' ? {} : { ca: lab.ca }
  const crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    seed: 1,
    ...ca,
    ...options,
    clock,
  })
  const log = follow(crawler)
  const close = async () => {
    await crawler.stop()
    await lab.close()
  }
  return {
    lab,
    crawler,
    log,
    clock,
    async end() {
      await vi.waitFor(() => expect(isQuiet(crawler)).toBe(true), { timeout: 10_000, interval: 5 })
      expectInvariants(crawler, log)
      await expectNoDirectEgress(lab)
      await crawler.stop()
      expect(clock.pending, 'timers left after stop()').toBe(0)
      await vi.waitFor(
        async () => {
          const { proxies } = await lab.books()
          expect(
            Object.entries(proxies).filter(([, { open }]) => open > 0),
            'sockets left after stop()',
          ).toEqual([])
        },
        { timeout: 2_000, interval: 5 },
      )
      await lab.close()
    },
    [Symbol.asyncDispose]: close,
  }
}
