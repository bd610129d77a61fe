import { beforeAll, describe, expect, test } from 'vitest'
import type { Scenario } from '../../src/lab/scenario.ts'
import { massOutage } from '../../src/lab/scenarios/mass-outage.ts'
import { mixed100 } from '../../src/lab/scenarios/mixed-100.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulationReport } from '../../src/sim/report.ts'
import { simulate } from '../../src/sim/simulate.ts'
import { type RecordedTrace, readTrace } from '../../src/sim/trace-record.ts'
import { recordedReport } from '../../src/sim/trace-report.ts'
import { cancelled, recording, refused } from './recording.ts'

/**
 * Does a replay foretell? The world that was recorded is a scenario, so every forecast can be compared with what the same
 * settings do there. One run is one draw of luck, so both sides are means over seeds. The tolerances were set by what
 * three recordings and six seeds showed: as they were, 8 % at most; without hedging the truth itself varies by 13 % (one
 * standard deviation) from seed to seed, so that four seeds leave the ratio of two means uncertain by 5 points a side.
 */
const scenario: Scenario = { ...mixed100, work: { requests: 3_000, inFlight: 50 } }
let trace: RecordedTrace

beforeAll(async () => {
  const lines: string[] = []
  await simulate(scenario, { options: { trust: 'blind' }, trace: (line) => lines.push(line) })
  trace = await readTrace(lines, 'mixed-100')
})

interface Figures {
  readonly pagesPerSecond: number
  readonly p99: number
  readonly attemptsPerPage: number
}

async function figuresOf(
  subject: Scenario | RecordedTrace,
  options: CrawlerOptions = {},
  inFlight = 50,
  seeds: readonly number[] = [1, 2],
) {
  const reports: SimulationReport[] = []
  // A trace does not say who is compared with whom.
  const own = { trust: 'blind', ...options } as const
  for (const seed of seeds) reports.push(await simulate(subject, { seed, options: own, inFlight }))
  for (const report of reports) expect(report.violations).toEqual([])
  const mean = (of: (report: SimulationReport) => number) =>
    reports.reduce((sum, report) => sum + of(report), 0) / reports.length
  return {
    pagesPerSecond: mean(({ pages, virtualMs }) => (pages.succeeded * 1_000) / virtualMs),
    p99: mean(({ latencyMs }) => latencyMs.p99),
    attemptsPerPage: mean(({ attempts, pages }) => attempts / pages.succeeded),
  } satisfies Figures
}

function expectWithin(share: number, forecast: Figures, truth: Figures): void {
  for (const name of ['pagesPerSecond', 'p99', 'attemptsPerPage'] as const) {
    const ratio = forecast[name] / truth[name]
    expect(ratio, `${name}: ${forecast[name]} for ${truth[name]}`).toBeGreaterThan(1 - share)
    expect(ratio, `${name}: ${forecast[name]} for ${truth[name]}`).toBeLessThan(1 + share)
  }
}

describe('a replay of the mixed hundred', { timeout: 120_000 }, () => {
  test('the settings as they were come out within 15 %', async () => {
    expectWithin(0.15, await figuresOf(trace), await figuresOf(scenario))
  })

  test('a fifth of the load, which was never recorded, comes out within 20 %', async () => {
    expectWithin(0.2, await figuresOf(trace, {}, 10), await figuresOf(scenario, {}, 10))
  })

  test('settings that harm are seen to harm, by about as much', async () => {
    const harm = async (subject: Scenario | RecordedTrace) => {
      const politeness = { interval: 100 }
      const four = [1, 2, 3, 4]
      const own = await figuresOf(subject, { politeness }, 20, four)
      const random = await figuresOf(subject, { politeness, strategy: 'random' }, 20, four)
      const unhedged = await figuresOf(subject, { politeness, hedge: false }, 20, four)
      return [random.pagesPerSecond / own.pagesPerSecond, unhedged.pagesPerSecond / own.pagesPerSecond]
    }
    const [forecast, truth] = [await harm(trace), await harm(scenario)]
    for (const [index, limit] of [0.4, 0.75].entries()) {
      expect(truth[index]).toBeLessThan(limit)
      expect(forecast[index]).toBeLessThan(limit)
      expect(Math.abs(forecast[index]! - truth[index]!)).toBeLessThan(0.2)
    }
  })

  test('the same seed gives the same run, byte for byte, and another seed another', async () => {
    const run = async (seed: number) => {
      const lines: string[] = []
      await simulate(trace, { seed, requests: 300, trace: (line) => lines.push(line) })
      return lines.join('\n')
    }
    const first = await run(1)
    expect(await run(1)).toBe(first)
    expect(await run(2)).not.toBe(first)
  })

  test('the recorded figures are those of the run that was recorded', async () => {
    const { pages, attempts, latencyMs, virtualMs, opened } = await simulate(scenario, {
      options: { trust: 'blind' },
    })
    const recorded = recordedReport(trace)
    expect(recorded.pages).toEqual(pages)
    expect(recorded.attempts).toBe(attempts)
    expect(recorded.latencyMs.p99).toBeCloseTo(latencyMs.p99, 0)
    expect(recorded.virtualMs).toBeCloseTo(virtualMs, 0)
    expect(recorded.opened.rightly + recorded.opened.wrongly).toBe(opened.rightly + opened.wrongly)
  })
})

test('an outage of the host is an outage in the replay', async () => {
  const lines: string[] = []
  const truth = await simulate(massOutage, { requests: 1_000, trace: (line) => lines.push(line) })
  const replay = await simulate(await readTrace(lines))
  expect(truth.virtualMs).toBeGreaterThan(50_000)
  expect(replay.virtualMs / truth.virtualMs).toBeCloseTo(1, 1)
})

describe('what was recorded is what comes', () => {
  const good = Array.from({ length: 5 }, () => ({ proxy: 'socks5h://good.example:1080', ms: 50 }))
  const bad = Array.from({ length: 5 }, () => ({ proxy: 'socks5h://bad.example:1080', ms: 20, ...refused }))

  test('proxies that refused are given up, and every page comes by the other', async () => {
    const { pages, opened } = await simulate(await recording([...good, ...bad]), {
      requests: 50,
      inFlight: 2,
    })
    expect(pages).toMatchObject({ asked: 50, succeeded: 50, failed: 0 })
    expect(opened).toEqual({ rightly: expect.any(Number), wrongly: 0 })
    expect(opened.rightly).toBeGreaterThan(0)
  })

  test('two accounts at one gateway stay two proxies', async () => {
    const gate = 'http://gate.example:8000'
    const attempts = [`${gate}#3fa9c`, `${gate}#77b01`].map((proxy) => ({ proxy, ms: 40 }))
    const seen = new Set<string>()
    const options = {
      onCrawler: (crawler: { proxies(): readonly { id: string }[] }) => {
        for (const { id } of crawler.proxies()) seen.add(id)
      },
    }
    expect((await simulate(await recording(attempts), options)).pages.succeeded).toBe(2)
    expect([...seen]).toEqual([`${gate}#3fa9c`, `${gate}#77b01`])
  })

  test('a crawl without a proxy can be replayed', async () => {
    const report = await simulate(await recording([{ proxy: 'direct', ms: 40 }]), { requests: 20 })
    expect(report.pages).toMatchObject({ succeeded: 20, failed: 0 })
  })

  test('a limit makes the crawler wait as long as the host asked', async () => {
    const limited = {
      proxy: 'socks5h://good.example:1080',
      ms: 50,
      verdict: 'rate-limited',
      status: 429,
      terms: { retryAfterMs: 30_000 },
    }
    const report = await simulate(await recording([...good, limited]), { requests: 40, inFlight: 1 })
    expect(report.pages.succeeded).toBe(40)
    expect(report.virtualMs).toBeGreaterThan(30_000)
  })

  test('a shorter time-out ends what used to hang earlier', async () => {
    const hanging = {
      proxy: 'socks5h://bad.example:1080',
      ms: 10_000,
      verdict: 'transient',
      fault: { phase: 'headers', cause: 'headers-timeout' },
    }
    const trace = await recording([...good, hanging, { ...hanging, ms: 9_000, ...cancelled }])
    const run = (firstByte: number) =>
      simulate(trace, { requests: 30, inFlight: 1, options: { hedge: false, timeouts: { firstByte } } })
    const [long, short] = [await run(10_000), await run(500)]
    expect(long.latencyMs.p99).toBeGreaterThan(10_000)
    expect(short.latencyMs.p99).toBeLessThan(3_000)
  })

  test('an interrupted run ends with the reason it was given', async () => {
    const abort = new AbortController()
    const running = simulate(await recording(good), {
      requests: 10_000,
      signal: abort.signal,
      onAnswer: ({ succeeded }) => {
        if (succeeded === 20) abort.abort(new Error('enough'))
      },
    })
    await expect(running).rejects.toThrow('enough')
  })
})
