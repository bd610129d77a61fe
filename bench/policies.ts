import { driftChanges } from '../src/lab/scenarios/drift.ts'
import { outageBegins, outageEnds } from '../src/lab/scenarios/mass-outage.ts'
import { type Case, cases, scenarioOf } from './policies/cases.ts'
import { type Figures, middle, wallRegret } from './policies/middle.ts'
import { rateBetween, timeUntil } from './policies/pace.ts'
import { plainPolicies } from './policies/plain.ts'
import { type Contender, type Run, run } from './policies/run.ts'
import { median, type Report, share } from './report.ts'

/**
 * Is it worth it? Regatta with its defaults against the ways people choose proxies, and against an oracle, in the
 * simulator: the same worlds from the same seeds, the same rules for what a good answer is, the same timeouts. A page
 * that is lost has taken for ever, so a policy with less than 99 % success has no p99.
 */
export async function policies(report: Report, { seeds = 3, requests = 1_500 } = {}): Promise<void> {
  // A short run is for breakage: the oracle and what people start with.
  const plain = requests < 1_000 ? plainPolicies.slice(0, 1) : plainPolicies
  for (const each of cases) {
    const seen = await compare(each, seeds, requests, plain)
    table(report, each, seeds, seen)
    promises(report, each.name, seen)
    if (requests >= 1_000) sayWhereNot(report, seen)
  }
}

interface Entrant {
  readonly name: string
  readonly runs: Run[]
}

interface Seen {
  readonly oracle: Entrant
  readonly regatta: Entrant
  readonly plain: readonly Entrant[]
}

async function compare(
  each: Case,
  seeds: number,
  requests: number,
  plain: typeof plainPolicies,
): Promise<Seen> {
  const scenario = scenarioOf(each, requests)
  const enter = async (name: string, contender: Contender): Promise<Entrant> => {
    const runs: Run[] = []
    for (let seed = 1; seed <= seeds; seed++) runs.push(await run(scenario, seed, contender))
    return { name, runs }
  }
  const others: Entrant[] = []
  for (const make of plain) others.push(await enter(make(() => {}).name, { plain: make }))
  return {
    oracle: await enter('oracle', 'oracle'),
    regatta: await enter('Regatta', { regatta: {} }),
    plain: others,
  }
}

function table(report: Report, { name, note }: Case, seeds: number, { oracle, regatta, plain }: Seen): void {
  const best = middle(oracle.runs)
  const rows = [oracle, regatta, ...plain].map((entrant) => {
    const own = middle(entrant.runs)
    return [
      entrant.name,
      (own.success * 100).toFixed(2),
      (own.wall / 1_000).toFixed(1),
      time(own.p50),
      time(own.p95),
      time(own.p99),
      own.attempts.toFixed(3),
      own.bytes.toFixed(0),
      // Who loses pages is soon done.
      own.success < 0.99 ? '–' : share(wallRegret(entrant.runs, oracle.runs)),
      (own.attempts - best.attempts).toFixed(3),
      Number.isNaN(own.opened) ? '–' : String(own.opened),
    ]
  })
  const { asked } = oracle.runs[0]!
  report.table(
    `${name}: ${note}; ${asked} pages (median of ${seeds} seeds; success and openings: the worst)`,
    [
      '',
      'success %',
      'wall s',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'attempts/page',
      'bytes/page',
      'wall × oracle',
      'extra attempts',
      'wrongly opened',
    ],
    rows,
  )
}

function promises(report: Report, name: string, { oracle, regatta }: Seen): void {
  const own = middle(regatta.runs)
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  if (name === 'mixed-100') {
    report.atMost('mixed, cold: wall against the oracle', wallRegret(regatta.runs, oracle.runs), 1.15, share)
  }
  if (name === 'half-dead') {
    report.atLeast('half dead: success', own.success, 0.999, (value) => `${(value * 100).toFixed(2)} %`)
  }
  if (name === 'drift') {
    const worst = regatta.runs.map((each, index) => Math.max(...recoveries(each, oracle.runs[index]!)))
    report.atMost('drift: back within 1.3 × oracle after a change', median(worst), 60_000, seconds)
  }
  if (name === 'mass-outage') {
    const back = regatta.runs.map((each) => {
      const before = rateBetween(each, outageBegins - 10_000, outageBegins)
      return timeUntil(each, before * 0.9, outageEnds, 3_000)
    })
    report.atMost('mass outage: proxies wrongly opened', own.opened, 0)
    report.atMost('mass outage: full speed after its return', median(back), 15_000, seconds)
  }
}

/** After each change of the drift: until as fast as the oracle in that phase, but for a factor of 1.3. */
function recoveries(own: Run, best: Run): number[] {
  return driftChanges.map((at, index) => {
    const end = Math.min(driftChanges[index + 1] ?? Number.POSITIVE_INFINITY, best.answeredAt.at(-1)!)
    return timeUntil(own, rateBetween(best, at, end) / 1.3, at, 5_000)
  })
}

/** Regatta is to need fewer attempts and have a lower p99 than every plain policy: where it does not, and where they went. */
function sayWhereNot(report: Report, { regatta, plain }: Seen): void {
  const own = middle(regatta.runs)
  for (const other of plain) {
    const theirs = middle(other.runs)
    const losses = [
      ...(own.attempts > theirs.attempts
        ? [`attempts ${own.attempts.toFixed(3)} to ${theirs.attempts.toFixed(3)}`]
        : []),
      ...(Math.round(own.p99) > Math.round(theirs.p99)
        ? [`p99 ${time(own.p99)} to ${time(theirs.p99)} ms`]
        : []),
    ]
    if (losses.length > 0) {
      const why = reason(regatta, own, theirs)
      report.figure(`behind ${other.name}`, Number.NaN, () => `${losses.join(', ')}; ${why}`)
    }
  }
}

/** What the figures themselves say: where the attempts went, and what the other one paid. */
function reason({ runs }: Entrant, own: Figures, theirs: Figures): string {
  const per = (kind: string) => median(runs.map(({ spent, good }) => (spent[kind] ?? 0) / good))
  const kinds = ['hedge', 'probe', 'canary', 'failover']
  const went = kinds.map((kind) => `${per(kind).toFixed(3)} ${kind}`).join(', ')
  const price =
    theirs.attempts > 1.5 * own.attempts
      ? `it pays with ${theirs.attempts.toFixed(1)} attempts a page`
      : theirs.p99 > 1.2 * own.p99
        ? `its p99 is ${time(theirs.p99)} ms`
        : theirs.wall > 1.05 * own.wall
          ? `its wall is ${share(theirs.wall / own.wall)} times as long`
          : theirs.wall < 0.95 * own.wall
            ? 'and it is faster'
            : 'and it is as fast'
  return `Regatta's attempts a page: ${went}; ${price}`
}

function time(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'lost' : ms.toFixed(0)
}
