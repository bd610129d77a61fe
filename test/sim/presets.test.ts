import { describe, expect, it } from 'vitest'
import { runSimulated } from '../../bench/lies/run.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { type PresetName, presetNames, presets, withPreset } from '../../src/options/presets.ts'
import { findScenario, type Scenario, type SimulationReport, simulate } from '../../src/sim/index.ts'

const seeds = [1, 2, 3, 4]

/**
 * Runs a scenario with the defaults and with a preset, both under `common`, from the same seeds; ratios are the preset's
 * to the defaults'. Exits are not compared: what that costs is the same in both, and hides what is to be seen here.
 */
async function compare(name: PresetName, scenario: Scenario, own: CrawlerOptions = {}) {
  const common: CrawlerOptions = { trust: 'blind', ...own }
  const run = async (options: CrawlerOptions) => {
    const reports: SimulationReport[] = []
    for (const seed of seeds) {
      // The list of a scenario stays as it is, and the seed is the run's.
      const report = await simulate(scenario, { seed, options: { ...options, seed, refresh: 604_800_000 } })
      expect(report.violations).toEqual([])
      reports.push(report)
    }
    return reports
  }
  const plain = await run(common)
  const preset = await run(withPreset({ preset: name, ...common }))
  const ratio = (pick: (report: SimulationReport) => number) => {
    const sum = preset.reduce((all, each, index) => all + Math.log(pick(each) / pick(plain[index]!)), 0)
    return Math.exp(sum / seeds.length)
  }
  return {
    failed: preset.reduce((all, { pages }) => all + pages.failed, 0),
    wall: ratio(({ virtualMs }) => virtualMs),
    p99: ratio(({ latencyMs }) => latencyMs.p99),
    attempts: ratio(({ attempts }) => attempts),
  }
}

describe('each preset on what it is for', () => {
  it('data centre: where no page may be hedged, a server that is gone costs half the time', async () => {
    const { failed, wall, p99, attempts } = await compare('datacenter', findScenario('datacenter'), {
      hedge: false,
    })
    expect(failed).toBe(0)
    expect(wall).toBeLessThan(0.7)
    expect(p99).toBeLessThan(0.7)
    expect(attempts).toBeLessThan(1.01)
  })

  it('data centre: where pages may be hedged, it costs nothing', async () => {
    const { failed, wall, p99, attempts } = await compare('datacenter', findScenario('datacenter'))
    expect(failed).toBe(0)
    for (const ratio of [wall, p99, attempts]) expect(ratio).toBeLessThan(1.01)
  })

  it('residential: fewer attempts than the defaults, and no slower page', async () => {
    const { failed, wall, p99, attempts } = await compare('residential', findScenario('residential'))
    expect(failed).toBe(0)
    expect(attempts).toBeLessThan(0.985)
    expect(wall).toBeLessThan(1.03)
    expect(p99).toBeLessThan(1.05)
  })

  it('high churn: when one half goes bad and comes back, a page costs fewer attempts and none is slower', async () => {
    const { failed, wall, p99, attempts } = await compare('high-churn', findScenario('drift'))
    expect(failed).toBe(0)
    expect(attempts).toBeLessThan(0.99)
    expect(wall).toBeLessThan(1.005)
    expect(p99).toBeLessThan(1)
  }, 60_000)

  it('high churn: where proxies come and go for minutes, it is faster', async () => {
    const flapping = findScenario('flapping')
    const long = { ...flapping, work: { ...flapping.work, requests: 20_000 } }
    const { failed, wall, p99, attempts } = await compare('high-churn', long)
    expect(failed).toBe(0)
    // The defaults, too, forget that a proxy was open once it has proved itself, so little is left to gain.
    expect(wall).toBeLessThan(1)
    expect(p99).toBeLessThan(1)
    expect(attempts).toBeLessThan(1.02)
  }, 120_000)

  it('long-lived: knows bad proxies for longer, so it is faster with fewer attempts', async () => {
    const { failed, wall, p99, attempts } = await compare('long-lived', findScenario('long-lived'))
    expect(failed).toBe(0)
    expect(p99).toBeLessThan(1.03)
    expect(wall).toBeLessThan(1)
    expect(attempts).toBeLessThan(1)
  }, 60_000)

  it('free list: the slowest pages take a tenth less time, and the whole no longer', async () => {
    // What comparing every page costs is another matter.
    const common = { trust: 'learn' } as const
    const { failed, wall, p99 } = await compare('free-list', findScenario('free-list'), common)
    expect(failed).toBe(0)
    expect(wall).toBeLessThan(1)
    expect(p99).toBeLessThan(0.9)
  }, 60_000)

  it('free list: a lie that each liar tells about two pages alone is in no page, and is in some with the defaults', async () => {
    const lie = { how: 'likeness' as const, paths: ['/page/17', '/page/3'] }
    const fleet = { proxies: 40, liars: 8, protocol: 'http' } as const
    const runOf = (options: CrawlerOptions) =>
      Promise.all(
        [1, 2].map((seed) => runSimulated({ name: 'two pages', fleet, lie, pages: 150, options }, seed)),
      )
    const [plain, preset] = [await runOf({}), await runOf({ preset: 'free-list' })]
    const wrongIn = (runs: typeof plain) => runs.reduce((sum, { wrong }) => sum + wrong, 0)
    expect(wrongIn(plain)).toBeGreaterThan(0)
    expect({ wrong: wrongIn(preset), missing: preset.map(({ missing }) => missing) }).toEqual({
      wrong: 0,
      missing: [0, 0],
    })
    // Twice the requests, and those that find out who lies.
    for (const { extra } of preset) expect(extra).toBeLessThan(1.6)
  }, 60_000)

  it('dev: a page that cannot be had fails within half a minute, and the defaults wait', async () => {
    const dead: Scenario = {
      origins: { site: {} },
      proxies: [{ count: 3, fault: 'dead' }],
      work: { requests: 2, limitMs: 120_000 },
    }
    const failing = await simulate(dead, { options: withPreset({ preset: 'dev' }) })
    expect(failing.pages.failed).toBe(2)
    expect(failing.virtualMs).toBeLessThanOrEqual(30_100)
    expect(failing.violations).toEqual([])
    // Nothing is dropped for time by default: they were still waiting when the simulation was cut off.
    const waiting = await simulate(dead)
    expect(waiting.virtualMs).toBeGreaterThanOrEqual(120_000)
  })
})

describe('withPreset', () => {
  it('gives options that the crawler takes, for every name', () => {
    for (const preset of presetNames) {
      const options = withPreset({ preset })
      expect(options).toEqual(presets[preset])
      expect(parseOptions(options)).toMatchObject(presets[preset])
    }
  })

  it("lets the user's own options win, part by part", () => {
    const options = parseOptions(withPreset({ preset: 'residential', hedge: { max: 3 }, concurrency: 7 }))
    expect(options.concurrency).toBe(7)
    expect(options.hedge).toMatchObject({
      max: 3,
      coldDelay: 4_000,
      tokens: 50,
    })
    expect(options.proxyClass).toBe('residential')
  })

  it('takes false for a whole part, and undefined for nothing', () => {
    const options = withPreset({ preset: 'residential', hedge: false, proxyClass: undefined })
    expect(options.hedge).toBe(false)
    expect(options.proxyClass).toBe('residential')
  })

  it('leaves options without a preset as they are, and the presets too', () => {
    const own: CrawlerOptions = { proxies: ['http://192.0.2.1:8080'], hedge: { max: 2 } }
    expect(withPreset(own)).toEqual(own)
    const before = structuredClone(presets)
    withPreset({ preset: 'dev', timeouts: { dial: 1_000 }, budgets: { target: 9 } })
    expect(presets).toEqual(before)
  })

  it('names the presets there are when one is unknown', () => {
    for (const preset of ['mobile', 'toString', '']) {
      expect(() => withPreset({ preset })).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          message: expect.stringMatching(
            /preset.*datacenter, residential, high-churn, long-lived, free-list, dev/,
          ),
        }),
      )
    }
  })
})
