import { parseArgs } from 'node:util'
import type { LieCase } from './lies/case.ts'
import { controlCases, mixedControlCases, priceCases } from './lies/control-cases.ts'
import { contestedCases, cosmeticCases, drawnCase, lieCases } from './lies/lie-cases.ts'
import { runInLab, runSimulated } from './lies/run.ts'
import { inTime, type Tally } from './lies/tally.ts'
import type { Report } from './report.ts'

/**
 * Whether a lie gets through: every lie of the lab in two fleets, honest sites that are never the same twice, both
 * together, colluders, lies that are drawn, and what it costs when nobody lies. In the simulator, or with `--lab` one seed
 * of each through real sockets.
 *
 * `npm run bench -- lies [lies|drawn|cosmetic|controls|mixed|colluders|price|NAME …] [--seeds 3] [--judge] [--lab]`. NAME: what the
 * name of a case begins with.
 *
 * Thresholds are chosen on the seeds of tuning, from 1 on, and judged on those from 1,000,001 on (`--judge`): never look at
 * one of these to choose a number.
 */
const firstSeed = { tuning: 1, judging: 1_000_001 }

interface Group {
  readonly name: string
  readonly title: string
  cases(firstSeed: number, seeds: number): readonly LieCase[]
  /** A drawn case has one seed, its own. */
  readonly isDrawn?: boolean
  promises(report: Report, rows: readonly Row[]): void
}

interface Row {
  readonly each: LieCase
  readonly tallies: readonly Tally[]
}

const groups: readonly Group[] = [
  {
    name: 'lies',
    title: 'Liars, up to a fifth of the fleet',
    cases: () => lieCases,
    promises: promiseTruth,
  },
  {
    name: 'drawn',
    title: 'Lies that are drawn, up to a fifth of the fleet',
    cases: (first, seeds) => Array.from({ length: seeds * 10 }, (_, n) => drawnCase(first + n)),
    isDrawn: true,
    promises: promiseTruth,
  },
  {
    name: 'cosmetic',
    title: 'Changes that no item is the poorer for: found or not, neither is wrong',
    cases: () => cosmeticCases,
    promises(report, rows) {
      report.atMost('cosmetic: honest proxies convicted', most(rows, 'convictedHonest'), 0)
      report.atMost('cosmetic: pages missing', most(rows, 'missing') - most(rows, 'wrong'), 0)
    },
  },
  {
    name: 'controls',
    title: 'Honest proxies, and sites whose answers differ',
    cases: () => controlCases,
    promises(report, rows) {
      report.atMost('controls: honest proxies convicted', most(rows, 'convictedHonest'), 0)
      report.atMost('controls: pages missing', most(rows, 'missing'), 0)
      report.atMost('controls: pages wrong', most(rows, 'wrong'), 0)
    },
  },
  {
    name: 'mixed',
    title: 'The same sites, with three liars among thirty',
    cases: () => mixedControlCases,
    promises: promiseTruth,
  },
  {
    name: 'colluders',
    title: 'A third of the fleet lies, or two fifths together',
    cases: () => contestedCases,
    promises(report, rows) {
      const silent = rows.flatMap(({ tallies }) => tallies.map(({ wrong, marked }) => wrong - marked))
      report.atMost('beyond a fifth: wrong pages that are not marked', Math.max(...silent), 0)
      const mute = all(rows).filter(
        ({ missing, wrong, alerts }) => missing + wrong > 0 && alerts.length === 0,
      )
      report.atMost('beyond a fifth: runs that are not right and say nothing', mute.length, 0)
    },
  },
  {
    name: 'price',
    title: 'What it costs when nobody lies',
    cases: () => priceCases,
    promises(report, rows) {
      for (const { each, tallies } of rows) {
        const isSecure = each.manners?.tls === true
        const checks = Math.max(...tallies.map((tally) => tally.checks)) / (each.pages ?? 400)
        report.atMost(`price: checks, ${each.name}`, checks, isSecure ? 0 : 0.02, percent)
      }
      report.atMost('price: honest proxies convicted', most(rows, 'convictedHonest'), 0)
    },
  },
]

export async function lies(
  report: Report,
  { args = [], isSmoke = false }: { args?: readonly string[]; isSmoke?: boolean } = {},
): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { seeds: { type: 'string' }, judge: { type: 'boolean' }, lab: { type: 'boolean' } },
    allowPositionals: true,
  })
  const seeds = Number(values.seeds ?? (isSmoke || values.lab ? 1 : 3))
  const first = values.judge ? firstSeed.judging : firstSeed.tuning
  const perform = values.lab ? runInLab : runSimulated
  for (const group of groups) {
    const isWhole = positionals.length === 0 || positionals.includes(group.name)
    const chosen = group
      .cases(first, seeds)
      .filter(({ name }) => isWhole || positionals.some((start) => name.startsWith(start)))
      .filter((_, index) => !isSmoke || index % 40 === 0)
    if (chosen.length === 0 || (isSmoke && group.name === 'price')) continue
    const rows: Row[] = []
    for (const [index, each] of chosen.entries()) {
      const own = group.isDrawn
        ? [first + index]
        : Array.from({ length: seeds * (each.times ?? 1) }, (_, n) => first + n)
      const tallies: Tally[] = []
      for (const seed of own) tallies.push(await perform(each, seed))
      rows.push({ each, tallies })
    }
    const runs = group.isDrawn ? '' : ` (means of ${seeds} seeds or more; slowest and convicted: the worst)`
    report.table(`${group.title}${runs}`, head, rows.map(line))
    // A smoke run shows that it runs.
    if (!isSmoke) group.promises(report, rows)
  }
}

const head = [
  '',
  'liars',
  'right',
  'wrong',
  'marked',
  'missing',
  'found',
  'slowest',
  'convicted',
  'extra %',
  'checks',
  'alerts',
]

function line({ each, tallies }: Row): string[] {
  const { liars, proxies, protocol } = each.fleet
  const slowest = Math.max(...tallies.map((tally) => tally.slowest))
  const alerts = new Set(tallies.flatMap((tally) => tally.alerts))
  return [
    each.name,
    `${liars}/${proxies} ${protocol}`,
    mean(tallies, 'right'),
    mean(tallies, 'wrong'),
    mean(tallies, 'marked'),
    mean(tallies, 'missing'),
    mean(tallies, 'found'),
    liars === 0 ? '–' : Number.isFinite(slowest) ? String(slowest) : 'never',
    String(Math.max(...tallies.map((tally) => tally.convictedHonest))),
    ((100 * tallies.reduce((sum, { extra }) => sum + extra, 0)) / tallies.length).toFixed(1),
    mean(tallies, 'checks'),
    [...alerts].join(' ') || '–',
  ]
}

type Count = 'right' | 'wrong' | 'marked' | 'missing' | 'found' | 'checks' | 'convictedHonest'

function mean(tallies: readonly Tally[], what: Count): string {
  const value = tallies.reduce((sum, tally) => sum + tally[what], 0) / tallies.length
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

const all = (rows: readonly Row[]) => rows.flatMap(({ tallies }) => tallies)
const most = (rows: readonly Row[], what: Count) => Math.max(...all(rows).map((tally) => tally[what]))
const percent = (value: number) => `${(100 * value).toFixed(2)} %`

function promiseTruth(report: Report, rows: readonly Row[]): void {
  const share = ({ each, tallies }: Row) =>
    tallies.map(({ right, wrong, marked }) => {
      // A single fetch does not wait for ever: it hands over what it has, and says so.
      const silent = isFetch(each) ? wrong - marked : wrong
      return silent / Math.max(1, right + wrong)
    })
  report.atMost('wrong among the pages of one crawl', Math.max(...rows.flatMap(share)), 0.001, percent)
  const crawls = rows.filter(({ each }) => !isFetch(each))
  report.atMost('pages missing', most(crawls, 'missing'), 0)
  report.atMost('honest proxies convicted', most(rows, 'convictedHonest'), 0)
  const constant = rows.filter(({ each: { lie } }) => lie && isConstant(lie))
  const slowest = Math.max(...all(constant).map((tally) => tally.slowest))
  report.atMost('answers that a constant liar gave until it was found', slowest, inTime)
}

const isFetch = ({ walk }: LieCase) => walk?.startsWith('fetch') ?? false

function isConstant({
  how,
  share = 1,
  afterAnswers = 0,
  afterMs = 0,
  paths,
}: NonNullable<LieCase['lie']>): boolean {
  const isRare = how.startsWith('robots') || how.startsWith('sitemap') || paths !== undefined
  return share === 1 && afterAnswers === 0 && afterMs === 0 && !isRare
}
