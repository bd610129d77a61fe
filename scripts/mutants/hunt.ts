import type { Mutant } from './chart.ts'
import type { Result } from './host.ts'
import type { Runner } from './runner.ts'

/** A test that may kill, and how long it takes when nothing is wrong. */
export interface Candidate {
  readonly file: string
  readonly test: string
  readonly ms: number
}

export interface Kill {
  readonly file: string
  /** Empty when no test failed, but an error came up that nobody caught. */
  readonly test: string
  readonly hangs: boolean
  readonly ms: number
}

/** A file costs its start, so tests of one file run together, for about as long as the cheapest of them is worth it. */
const batchMs = 2_000
/** So many times its own time a test may take, and five seconds more. */
const slowness = 4
const graceMs = 5_000

export interface HuntOptions {
  /** Has killed it before. */
  readonly first: Candidate | undefined
  /** It has survived when tests that take so long together did not notice. */
  readonly budgetMs: number
}

/**
 * Runs the candidates, the cheapest first, with one thing turned off, until a test fails or hangs. What kills it for the
 * first time must pass once more without it, so that a shaky test proves nothing.
 */
export async function hunt(
  mutant: Mutant,
  candidates: readonly Candidate[],
  runner: Runner,
  options: HuntOptions,
): Promise<Kill | undefined> {
  const { first } = options
  if (first) {
    const kill = await tryKill(mutant, [first], runner)
    if (kill) return kill
  }
  let spent = 0
  for (const batch of batchesOf(candidates.filter((each) => each !== first))) {
    if (spent > options.budgetMs) return undefined
    spent += batch.reduce((sum, { ms }) => sum + ms, 0)
    const kill = await tryKill(mutant, batch, runner)
    if (kill && (await passes(batch, kill, runner))) return kill
  }
  return undefined
}

async function tryKill(
  mutant: Mutant,
  batch: readonly Candidate[],
  runner: Runner,
): Promise<Kill | undefined> {
  const { file } = batch[0]!
  const begun = performance.now()
  const result = await runTests(mutant.id, batch, runner)
  if (result) {
    const { failed, ms } = result
    return failed === undefined ? undefined : { file, test: failed, hangs: false, ms }
  }
  if (batch.length === 1) return { file, test: batch[0]!.test, hangs: true, ms: performance.now() - begun }
  // One of them hangs: which?
  for (const each of batch) {
    const kill = await tryKill(mutant, [each], runner)
    if (kill) return kill
  }
  return undefined
}

async function passes(batch: readonly Candidate[], kill: Kill, runner: Runner): Promise<boolean> {
  const killers = batch.filter(({ test }) => test === kill.test)
  const result = await runTests('', killers.length > 0 ? killers : batch, runner)
  return result !== undefined && result.failed === undefined
}

function runTests(mutant: string, batch: readonly Candidate[], runner: Runner): Promise<Result | undefined> {
  const slowest = Math.max(...batch.map(({ ms }) => ms))
  const sum = batch.reduce((total, { ms }) => total + ms, 0)
  const env = {
    REGATTA_MUTANT: mutant,
    REGATTA_MUTANTS_NOTES: '',
    REGATTA_MUTANTS_PATIENCE: String(graceMs + slowness * slowest),
  }
  const tests = batch.map(({ test }) => test)
  return runner.run({ file: batch[0]!.file, tests, env, stopsEarly: true }, graceMs + slowness * sum)
}

/** The cheapest first, each with others of its file. */
export function batchesOf(candidates: readonly Candidate[]): Candidate[][] {
  const left = new Set(candidates.toSorted((a, b) => a.ms - b.ms))
  const batches: Candidate[][] = []
  for (const cheapest of left) {
    const batch: Candidate[] = []
    let sum = 0
    for (const each of left) {
      if (each.file !== cheapest.file || (batch.length > 0 && sum + each.ms > batchMs)) continue
      batch.push(each)
      sum += each.ms
      left.delete(each)
    }
    batches.push(batch)
  }
  return batches
}
