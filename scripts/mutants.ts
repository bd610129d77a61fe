import { writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createRandom, pickIndex } from '../src/base/random.ts'
import { takeCensus } from './mutants/census.ts'
import { type Mutant, mutantsOf } from './mutants/chart.ts'
import { readCharts } from './mutants/charts.ts'
import { equivalent } from './mutants/equivalent.ts'
import { type Candidate, hunt, type Kill } from './mutants/hunt.ts'
import { killers } from './mutants/killers.ts'
import { Runner } from './mutants/runner.ts'
import { type Fate, readTable, summaryOf, tableOf } from './mutants/table.ts'

/**
 * `npm run mutants`: does the crawler obey its charts? Each guard, each transition and each action is turned off, one at a
 * time, and a test that drives the crawler or the simulator has to notice. Exits 1 when one survives. docs/mutants.md keeps
 * who killed what (mutation analysis: DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978).
 *
 *   --only TEXT      only mutants whose id contains the text; the others keep their line in the table
 *   --tests TEXT     only test files whose path contains the text may kill
 *   --budget N       a mutant has survived when tests of N seconds together did not notice it; default: 120
 *   --quick          for CI: is the table complete, and do its killers still kill? a sample, for less than a minute
 *   --seed N         of the sample
 *   --list           prints the mutants and does nothing
 */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    tests: { type: 'string', default: '' },
    budget: { type: 'string', default: '120' },
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
})
const folder = new URL('../', import.meta.url)
const root = fileURLToPath(folder)
const table = new URL('docs/mutants.md', folder)
const processes = 2
/** A mutant is equivalent unless tests that take so long together say otherwise. */
const equivalentBudget = 20_000
const quickBudget = 40_000

const mutants = (await readCharts(root)).flatMap(mutantsOf)
const known = readTable(await readFile(table, 'utf8').catch(() => ''))
if (flags.list) console.log(mutants.map(({ id }) => id).join('\n'))
else {
  const runners = Array.from({ length: processes }, () => new Runner())
  const stop = () => {
    for (const runner of runners) runner.stop()
  }
  process.once('SIGINT', () => {
    stop()
    process.exit(130)
  })
  try {
    const problems = flags.quick ? await sample(runners) : await runAll(runners)
    for (const problem of problems) process.stderr.write(`${problem}\n`)
    if (problems.length > 0) process.exitCode = 1
  } finally {
    stop()
  }
}

/** Returns what is wrong, in sentences. */
async function runAll(runners: readonly Runner[]): Promise<string[]> {
  const files = killers(root).filter((file) => file.includes(flags.tests))
  console.log(`${files.length} test files may kill. Noting what each of their tests reaches …`)
  const begun = performance.now()
  const census = await takeCensus(files, runners, console.log)
  const reaching = new Map<string, Candidate[]>()
  for (const notes of census) {
    for (const what of notes.seen) reaching.set(what, [...(reaching.get(what) ?? []), notes])
  }
  console.log(`${census.length} tests, ${secondsSince(begun)} s.`)
  const fates = new Map(known)
  const queue = mutants.filter(({ id }) => id.includes(flags.only))
  const total = queue.length
  let done = 0
  await share(runners, queue, async (mutant, runner) => {
    const fate = await fateOf(mutant, reaching.get(mutant.reachedBy) ?? [], runner)
    fates.set(mutant.id, fate)
    console.log(`${String(++done).padStart(String(total).length)}/${total} ${describe(fate)}  ${mutant.id}`)
    // At once: a run that is broken off has not searched in vain.
    writeFileSync(table, tableOf(mutants, fates))
  })
  console.log(`${summaryOf(mutants, fates)} ${secondsSince(begun)} s.`)
  return [...strangers(), ...survivors(fates)]
}

async function fateOf(mutant: Mutant, candidates: readonly Candidate[], runner: Runner): Promise<Fate> {
  const before = killOf(mutant)
  const first = before && candidates.find(({ file, test }) => file === before.file && test === before.test)
  const reason = equivalent[mutant.id]
  const budgetMs = reason === undefined ? Number(flags.budget) * 1_000 : equivalentBudget
  const kill = await hunt(mutant, candidates, runner, { first, budgetMs })
  // The same killer keeps its seconds, unless they were far from true: a table that changes with every run tells nothing.
  if (kill) {
    const isKnown = before && isSame(before, kill) && kill.ms > before.ms / 2
    return { kind: 'killed', kill: isKnown ? before : kill }
  }
  if (reason !== undefined) return { kind: 'equivalent', reason }
  // Its killer was not among those that were asked.
  if (before && flags.tests !== '' && !first) return { kind: 'killed', kill: before }
  return { kind: 'survived', isReached: candidates.length > 0 }
}

/** Asks some of the known killers again, as many as fit into the time. */
async function sample(runners: readonly Runner[]): Promise<string[]> {
  const ids = new Set(mutants.map(({ id }) => id))
  const problems = [
    ...strangers(),
    ...survivors(known),
    ...[...known.keys()]
      .filter((id) => !ids.has(id))
      .map((id) => `docs/mutants.md knows a mutant that is gone: ${id}`),
  ]
  const cheap = mutants.filter((mutant) => (killOf(mutant)?.ms ?? Number.POSITIVE_INFINITY) < 3_000)
  const queue = shuffled(cheap, Number(flags.seed))
  const begun = performance.now()
  let asked = 0
  await share(runners, queue, async (mutant, runner) => {
    if (performance.now() - begun > quickBudget) return
    const { file, test, ms } = killOf(mutant)!
    const first = { file, test, ms }
    asked++
    if (await hunt(mutant, [], runner, { first, budgetMs: 0 })) return
    problems.push(`Not killed any more by ${file}: ${test}: ${mutant.id}`)
  })
  console.log(
    `${mutants.length} mutants; ${asked} of them, drawn with seed ${flags.seed}, met their killers again.`,
  )
  return problems
}

/** Fisher and Yates, 1938. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const random = createRandom(seed)
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = pickIndex(random, last + 1)
    ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
  }
  return shuffled
}

async function share(
  runners: readonly Runner[],
  queue: readonly Mutant[],
  work: (mutant: Mutant, runner: Runner) => Promise<void>,
): Promise<void> {
  const left = [...queue]
  await Promise.all(
    runners.map(async (runner) => {
      for (let mutant = left.shift(); mutant; mutant = left.shift()) await work(mutant, runner)
    }),
  )
}

function killOf({ id }: Mutant): Kill | undefined {
  const fate = known.get(id)
  return fate?.kind === 'killed' ? fate.kill : undefined
}

function isSame(a: Kill, b: Kill): boolean {
  return a.file === b.file && a.test === b.test && a.how === b.how
}

function survivors(fates: ReadonlyMap<string, Fate>): string[] {
  return mutants.flatMap(({ id }) => {
    const fate = fates.get(id)
    if (fate === undefined) return `Not tried yet: ${id}`
    if (fate.kind === 'survived') return `${fate.isReached ? 'Survived' : 'No test gets there'}: ${id}`
    return fate.kind === 'killed' && id in equivalent ? `Killed, so it is not equivalent: ${id}` : []
  })
}

/** Equivalent mutants that are none of the charts' any more. */
function strangers(): string[] {
  const ids = new Set(mutants.map(({ id }) => id))
  return Object.keys(equivalent)
    .filter((id) => !ids.has(id))
    .map((id) => `scripts/mutants/equivalent.ts names a mutant that is gone: ${id}`)
}

function describe(fate: Fate): string {
  if (fate.kind !== 'killed')
    return fate.kind === 'survived' && !fate.isReached ? 'NOT REACHED' : fate.kind.toUpperCase()
  return `killed ${(fate.kill.ms / 1_000).toFixed(1)} s`
}

function secondsSince(begun: number): string {
  return ((performance.now() - begun) / 1_000).toFixed(0)
}
