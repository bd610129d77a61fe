import type { CrawlerOptions } from '../../src/options/options.ts'
import { median, Report } from '../report.ts'
import { cases, scenarioOf } from './cases.ts'
import { type Run, run } from './run.ts'

/**
 * What each default is worth: halved and doubled, in every scenario of the comparison, against the defaults from the same
 * seeds. `node bench/policies/sensitivity.ts [seeds] [part of a variant's name] [part of a scenario's name]`; all of it
 * takes a quarter of an hour.
 */
const variants: Readonly<Record<string, CrawlerOptions>> = {
  'hedge false': { hedge: false },
  'hedge.max 2': { hedge: { max: 2 } },
  'hedge.minDelay 50': { hedge: { minDelay: 50 } },
  'hedge.minDelay 200': { hedge: { minDelay: 200 } },
  'hedge.coldDelay 500': { hedge: { coldDelay: 500 } },
  'hedge.coldDelay 2000': { hedge: { coldDelay: 2_000 } },
  'hedge.share 0.25': { hedge: { share: 0.25 } },
  'hedge.share 1': { hedge: { share: 1 } },
  'hedge.tokens 25': { hedge: { tokens: 25 } },
  'hedge.tokens 100': { hedge: { tokens: 100 } },
  'breaker.base 15000': { breaker: { base: 15_000 } },
  'breaker.base 60000': { breaker: { base: 60_000 } },
  'breaker.run 2': { breaker: { run: 2 } },
  'breaker.run 6': { breaker: { run: 6 } },
  'posterior.hostHalfLife 300000': { posterior: { hostHalfLife: 300_000 } },
  'posterior.hostHalfLife 1200000': { posterior: { hostHalfLife: 1_200_000 } },
  'posterior.fleetHalfLife 1800000': { posterior: { fleetHalfLife: 1_800_000 } },
  'posterior.fleetHalfLife 7200000': { posterior: { fleetHalfLife: 7_200_000 } },
  'posterior.cap 25': { posterior: { cap: 25 } },
  'posterior.cap 100': { posterior: { cap: 100 } },
  'timeouts.dial and handshake 2000': { timeouts: { dial: 2_000, handshake: 2_000 } },
  'timeouts.dial and handshake 8000': { timeouts: { dial: 8_000, handshake: 8_000 } },
  'timeouts.firstByte 5000': { timeouts: { firstByte: 5_000 } },
  'timeouts.firstByte 20000': { timeouts: { firstByte: 20_000 } },
  'politeness.interval 250': { politeness: { interval: 250 } },
  'politeness.interval 1000': { politeness: { interval: 1_000 } },
  'politeness.hostConcurrency 32': { politeness: { hostConcurrency: 32 } },
  'politeness.hostConcurrency 128': { politeness: { hostConcurrency: 128 } },
}

const [seeds = 4, wanted = '', where = ''] = [Number(process.argv[2] ?? 4), process.argv[3], process.argv[4]]
const requests = 1_000
const chosen = cases.filter(({ name }) => name.includes(where))
const base = new Map<string, Run[]>()
const rows: string[][] = []

const runAll = async (name: string, options: CrawlerOptions) => {
  const scenario = scenarioOf(chosen.find((each) => each.name === name)!, requests)
  const runs: Run[] = []
  for (let seed = 1; seed <= seeds; seed++) runs.push(await run(scenario, seed, { regatta: options }))
  return runs
}

for (const { name } of chosen) base.set(name, await runAll(name, {}))
for (const [variant, options] of Object.entries(variants)) {
  if (!variant.includes(wanted)) continue
  const row = [variant]
  for (const { name, options: own } of chosen) {
    // Where gates are off they stay off.
    const isGated = name.startsWith('rate-limited')
    if ('politeness' in options && !isGated) {
      row.push('·')
      continue
    }
    const runs = await runAll(name, { ...own, ...options })
    const before = base.get(name)!
    const ratio = (pick: (run: Run) => number) =>
      median(runs.map((each, index) => pick(each) / pick(before[index]!)))
    const figures = [ratio((each) => each.wall), ratio((each) => each.p99), ratio((each) => each.attempts)]
    const isSame = figures.every((figure) => Math.abs(figure - 1) < 0.005)
    row.push(isSame ? '=' : figures.map((figure) => figure.toFixed(2)).join(' '))
  }
  rows.push(row)
  console.error(row.join(' | '))
}
new Report().table(
  `Each default halved and doubled: wall, p99 and attempts as a multiple of the default's (median of ${seeds} seeds, ${requests} pages)`,
  ['', ...chosen.map(({ name }) => name)],
  rows,
)
