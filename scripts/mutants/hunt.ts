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
  readonly test: string
  /** `errs`: the test passed, and left an error behind that nobody caught. */
  readonly how: 'fails' | 'errs' | 'hangs'
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
  const begun = performance.now()
  const result = await runTests(mutant.id, batch, runner)
  const ms = performance.now() - begun
  if (result && result.failed === undefined) return undefined
  if (batch.length === 1) {
    const { file, test } = batch[0]!
    const how = result === undefined ? 'hangs' : result.failed === '' ? 'errs' : 'fails'
    return { file, test, how, ms }
  }
  // Together one test may be in the way of the next: the killer is one that kills by itself.
  const suspectFirst = batch.toSorted(
    (a, b) => Number(b.test === result?.failed) - Number(a.test === result?.failed),
  )
  for (const each of suspectFirst) {
    const kill = await tryKill(mutant, [each], runner)
    if (kill) return kill
  }
  return undefined
}

async function passes(batch: readonly Candidate[], kill: Kill, runner: Runner): Promise<boolean> {
  const killer = batch.filter(({ test }) => test === kill.test)
  const result = await runTests('', killer, runner)
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
