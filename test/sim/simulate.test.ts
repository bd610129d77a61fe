import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../src/lab/scenario.ts'
import { findScenario } from '../../src/lab/scenarios/find.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { type SimulationSettings, simulate } from '../../src/sim/simulate.ts'
import { stormScenario } from '../../src/sim/storm.ts'

async function digestOf(scenario: Scenario, settings: SimulationSettings = {}): Promise<string> {
  const hash = createHash('sha256')
  await simulate(scenario, { ...settings, trace: (line) => hash.update(`${line}\n`) })
  return hash.digest('hex')
}

describe('a simulated crawl', () => {
  it('is the same byte for byte with the same seed, and another with another', async () => {
    const storm = stormScenario(11)
    const mixed = { ...findScenario('mixed-100'), work: { requests: 300, options: { politeness: false } } }
    for (const scenario of [storm, mixed]) {
      const once = await digestOf(scenario)
      expect(await digestOf(scenario)).toBe(once)
      expect(await digestOf(scenario, { seed: 12_345 })).not.toBe(once)
    }
  })

  it('passes hours in seconds', async () => {
    const report = await simulate({
      origins: { site: { site: { pages: 100 }, limit: { total: { requests: 1, perMs: 60_000 } } } },
      proxies: [{ count: 5, latency: 100 }],
      work: { requests: 120, inFlight: 10 },
    })
    expect(report.pages).toMatchObject({ succeeded: 120, failed: 0 })
    expect(report.virtualMs).toBeGreaterThan(100 * 60_000)
    expect(report.realMs).toBeLessThan(20_000)
    expect(report.violations).toEqual([])
  })

  it('gives up on a host after the time that was set for it, and waits for the others', async () => {
    const slow = { site: { pages: 10 }, latency: 800 }
    const run = (hosts: CrawlerOptions['hosts']) =>
      simulate(
        { origins: { one: slow, two: slow }, proxies: [{ count: 4 }], work: { requests: 20, inFlight: 4 } },
        { options: { hedge: false, budgets: { target: 1 }, hosts: hosts ?? {} } },
      )
    expect((await run({})).pages).toMatchObject({ succeeded: 20, failed: 0 })
    const { pages, violations } = await run({ 'one.lab': { timeouts: { firstByte: 500 } } })
    expect(pages).toMatchObject({ succeeded: 10, failed: 10 })
    expect(violations).toEqual([])
  })

  it('crawls whole sites by their links, each page once', async () => {
    const report = await simulate({
      origins: { site: { site: { pages: 60, crawlDelay: 0.2, missing: 2, disallowed: 2, duplicates: 0.2 } } },
      proxies: [
        { count: 3, latency: 30 },
        { name: 'bad', count: 2, fault: 'dead' },
      ],
      work: { kind: 'crawl', requests: 100 },
    })
    expect(report.pages.succeeded).toBe(60)
    expect(report.pages.failed).toBe(2) // the two that are missing
    expect(report.violations).toEqual([])
  })

  it('asks again for what a dead process had not answered', async () => {
    const report = await simulate({
      origins: { site: { site: { pages: 50 } } },
      proxies: [{ count: 5, latency: 200 }],
      work: { requests: 200, inFlight: 20, chaos: { deaths: 3 } },
    })
    expect(report.lives).toBe(4)
    expect(report.pages).toMatchObject({ asked: 200, succeeded: 200 })
    expect(report.violations).toEqual([])
  })

  it('plays a timeline, and knows whose fault an open breaker was', async () => {
    const down = { atMs: 1_000, forMs: 30_000, of: 'site', down: 'refuse' as const }
    const dead = { atMs: 40_000, of: 'half', set: { fault: 'dead' } }
    const report = await simulate({
      origins: { site: { site: { pages: 50 } } },
      proxies: [
        { name: 'half', count: 5, latency: 50 },
        { name: 'rest', count: 5, latency: 50 },
      ],
      timeline: [down, dead],
      work: { requests: 3_000, inFlight: 10 },
    })
    expect(report.pages.succeeded).toBe(3_000)
    expect(report.opened.wrongly).toBe(0)
    expect(report.opened.rightly).toBeGreaterThanOrEqual(5)
    expect(report.violations).toEqual([])
  })

  it('a fleet that was away for ten minutes is back within one', async () => {
    const back = 660_000
    const finished: number[] = []
    await simulate(
      {
        origins: { site: { site: { pages: 50 } } },
        proxies: [{ name: 'all', count: 8, latency: 100 }],
        timeline: [{ atMs: 60_000, forMs: 600_000, of: 'all', set: { fault: 'dead' } }],
        work: { requests: 4_000, inFlight: 20 },
      },
      {
        onWorld: (world, time) => {
          world.onArrival = () => void finished.push(time.now())
        },
      },
    )
    const away = finished.filter((at) => at > 61_000 && at < back)
    expect(away).toEqual([])
    expect(finished.find((at) => at > back)! - back).toBeLessThan(31_000)
    expect(finished.filter((at) => at > back + 60_000 && at < back + 90_000).length).toBeGreaterThan(400)
  })

  it.each([
    ['a change of nobody', { timeline: [{ atMs: 1, of: 'nobody', down: 'silent' as const }] }, 'timeline.0'],
    ['a proxy that goes down', { timeline: [{ atMs: 1, of: 'proxy-1', down: 503 }] }, '"fault": "dead"'],
    ['a field that is none', { timeline: [{ atMs: 1, of: 'site', set: { lattency: 3 } }] }, 'lattency'],
    ['neither set nor down', { timeline: [{ atMs: 1, of: 'site' }] }, 'either "set" or "down"'],
    ['a crawl that dies', { work: { kind: 'crawl' as const, chaos: { deaths: 1 } } }, 'work.chaos.deaths'],
  ])('refuses %s', async (_what, wrong, named) => {
    const scenario: Scenario = { origins: { site: { site: { pages: 5 } } }, proxies: [{}], ...wrong }
    await expect(simulate(scenario)).rejects.toMatchObject({
      code: 'SCENARIO_INVALID',
      message: expect.stringContaining(named) as string,
    })
  })

  it('refuses an unknown option', async () => {
    const scenario = { origins: { site: {} }, proxies: [{}], work: { options: { hegde: false } } }
    await expect(simulate(scenario)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
