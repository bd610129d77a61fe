import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import type { FuzzJob, FuzzResult } from './fuzz.ts'
import { brokenTexts } from './mutate.ts'
import { parsers } from './parsers.ts'

/**
 * Runs the parsers in a thread of its own, whose memory is bounded, and leaves each text in shared memory before it is read:
 * one that never comes back, or takes all memory, is known by that.
 */
const { shared, longest, most } = workerData as { shared: SharedArrayBuffer; longest: number; most: number }
/** Milliseconds for a smaller example of a fault. */
const shrinking = 5_000

const state = new Int32Array(shared, 0, 2)
const room = Buffer.from(shared, 8)

parentPort!.on('message', async ({ parser, runs, seed }: FuzzJob) => {
  const { grammar, read } = parsers[parser]!
  await stopwatch(read, grammar.samples[0]!) // loads what is loaded at first use
  let slowest = 0
  let shrunkBy = Number.POSITIVE_INFINITY
  const begun = performance.now()
  const found = await fc.check(
    fc.asyncProperty(brokenTexts(grammar, longest), async (text) => {
      state[0] = room.write(text)
      state[1]!++
      // A smaller text of the same fault is looked for, but not for ever.
      if (performance.now() > shrunkBy) return
      try {
        const ms = await stopwatch(read, text)
        slowest = Math.max(slowest, ms)
        if (ms > most) throw new Error(`took ${Math.round(ms)} ms for ${text.length} characters`)
      } catch (error) {
        shrunkBy = Math.min(shrunkBy, performance.now() + shrinking)
        throw error
      }
    }),
    { numRuns: runs, seed },
  )
  const result: FuzzResult = {
    parser,
    runs: found.numRuns,
    seed,
    slowest,
    seconds: (performance.now() - begun) / 1_000,
    ...(found.failed && {
      fault: String((found.errorInstance as Error | null)?.stack ?? found.errorInstance).slice(0, 1_000),
      text: found.counterexample?.[0] ?? '',
    }),
  }
  parentPort!.postMessage(result)
})

/**
 * Milliseconds of this thread that a text takes, so that others may have the processor too; a slow one is read again, as the
 * garbage of others may have been taken away meanwhile.
 */
async function stopwatch(read: (text: string) => unknown, text: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let times = 0; times < 5 && least > most; times++) {
    const started = process.threadCpuUsage()
    try {
      await read(text)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'RegattaError')) throw error
    }
    const { user, system } = process.threadCpuUsage(started)
    least = Math.min(least, (user + system) / 1_000)
  }
  return least
}
