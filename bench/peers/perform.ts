import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import { parseLine, readySchema } from './job.ts'
import { residentOf, type Usage, usageOf } from './usage.ts'

/** What a client made of its job, and what it used, seen from outside. */
export interface Performance<Result> {
  readonly version: string
  readonly result: Result
  /** When it had loaded. */
  readonly before: Usage
  /** When it had ended its job. */
  readonly after: Usage
  /** Resident bytes while it ran, in equal steps; empty unless asked for. */
  readonly memory: readonly number[]
}

export interface PerformSettings<Schema extends z.ZodType> {
  readonly result: Schema
  /** Its job must be done in so many milliseconds. */
  readonly limitMs: number
  /** Milliseconds between two looks at its memory. Default: no look. */
  readonly sampleMs?: number
  /** Added to its environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>
}

const loadLimitMs = 30_000

/**
 * Starts a client in a process of its own, tells it to go when it has loaded, and reads what it used before it may leave
 * (job.ts says in which lines). A client that fails is a reason, not an error.
 */
export async function perform<Schema extends z.ZodType>(
  [program, ...args]: readonly [string, ...string[]],
  job: object,
  { result: schema, limitMs, sampleMs, env = {} }: PerformSettings<Schema>,
): Promise<Performance<z.output<Schema>> | { reason: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-peer-'))
  const path = join(folder, 'job.json')
  writeFileSync(path, JSON.stringify(job))
  // Nothing of the outside: a proxy named in the environment would be used by some and not by others.
  const { PATH, HOME } = process.env
  const child = spawn(program, [...args, path], {
    stdio: 'pipe',
    env: { PATH, HOME, NODE_ENV: 'production', ...env },
  })
  let heard = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard = (heard + text).slice(-2_000)
  })
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })
  const inTime = limit(child, loadLimitMs)
  const memory: number[] = []
  let sampling: NodeJS.Timeout | undefined
  try {
    let before: Usage | undefined
    let version = ''
    for await (const line of lines) {
      const ready = before ? undefined : parseLine(readySchema, line)
      if (ready) {
        version = ready.version
        before = usageOf(child.pid!)
        inTime.extend(limitMs)
        if (sampleMs) sampling = setInterval(() => memory.push(residentOf(child.pid!)), sampleMs)
        child.stdin.write('go\n')
        continue
      }
      const result = before && parseLine(schema, line)
      if (result) return { version, result, before: before!, after: usageOf(child.pid!), memory }
    }
    const last = heard.trim().split('\n').at(-1) || 'it said nothing'
    if (inTime.hasPassed) return { reason: `did not end its run when asked (${last})` }
    return { reason: `ended without a result: ${last}` }
  } finally {
    clearInterval(sampling)
    inTime.stop()
    child.stdin.end()
    await ended(child, 2_000)
    rmSync(folder, { recursive: true, force: true })
  }
}

function limit(child: ChildProcess, firstMs: number) {
  let hasPassed = false
  const kill = () => {
    hasPassed = true
    child.kill('SIGKILL')
  }
  let timer = setTimeout(kill, firstMs)
  return {
    get hasPassed() {
      return hasPassed
    },
    extend(ms: number) {
      clearTimeout(timer)
      timer = setTimeout(kill, ms)
    },
    stop: () => clearTimeout(timer),
  }
}

async function ended(child: ChildProcess, ms: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.once('error', resolve)
  })
  clearTimeout(timer)
}
