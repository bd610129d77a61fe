import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startLabProcess } from '../../src/lab/index.ts'
import { quantile } from '../report.ts'
import type { Peer } from './cast.ts'
import { type Job, type PeerResult, parseLine, readySchema, resultSchema } from './job.ts'
import { type PeerScenario, pagesOf } from './scenarios.ts'
import { type Usage, usageOf } from './usage.ts'

/** One peer in one world: a fresh lab of the same seed, the peer in a process of its own, measured from outside. */
export interface Measured {
  readonly peer: string
  readonly version: string
  readonly pages: number
  readonly good: number
  readonly bad: number
  readonly failed: number
  readonly cut: number
  readonly wallMs: number
  readonly pagesPerSecond: number
  readonly cpuMsPerPage: number
  /** Good pages, as a share of all that were asked for. */
  readonly success: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly attemptsPerPage: number
  /** Requests that the lab's proxies saw, per good page. A refused dial is not among them: nothing listened. */
  readonly seenPerPage: number
  /** Body bytes that the origin sent, per good page. */
  readonly bytesPerPage: number
  readonly peakBytes: number
  /** CPU before the run: runtime and modules. */
  readonly loadMs: number
  readonly notes: PeerResult['notes']
}

/** Why there are no figures. */
export interface Missing {
  readonly peer: string
  readonly reason: string
}

const attemptMs = 10_000
const retries = 10
const loadLimitMs = 30_000
/** A peer that does not end its run by itself is given so long. */
const graceMs = 8_000

export interface RunSettings {
  readonly concurrency: number
  readonly capMs: number
}

export async function runPeer(
  peer: Peer,
  scenario: PeerScenario,
  { concurrency, capMs }: RunSettings,
): Promise<Measured | Missing> {
  await using lab = await startLabProcess(scenario.world)
  const { url, host } = Object.values(lab.origins)[0]!
  const job: Job = {
    proxies: [...lab.proxies],
    pages: pagesOf(url, scenario.pages),
    host,
    concurrency,
    capMs,
    attemptMs,
    retries,
    polite: scenario.polite,
    seed: lab.seed,
  }
  const run = await perform(peer, job)
  if ('reason' in run) return { peer: peer.name, reason: run.reason }
  const { result, before, after, version } = run
  const { origins, proxies } = await lab.books()
  const good = result.latencies.length
  const per = (value: number) => value / Math.max(1, good)
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  const { bad, failed, cut, wallMs, notes } = result
  return {
    peer: peer.name,
    version,
    pages: job.pages.length,
    good,
    bad,
    failed,
    cut,
    wallMs,
    pagesPerSecond: (good / wallMs) * 1_000,
    cpuMsPerPage: per(after.cpuMs - before.cpuMs),
    success: good / job.pages.length,
    p50: quantile(result.latencies, 0.5),
    p95: quantile(result.latencies, 0.95),
    p99: quantile(result.latencies, 0.99),
    attemptsPerPage: per(result.attempts),
    seenPerPage: per(total(Object.values(proxies).map((book) => book.requests))),
    bytesPerPage: per(total(Object.values(origins).map((book) => book.bytes))),
    peakBytes: after.peakBytes,
    loadMs: before.cpuMs,
    notes,
  }
}

interface Performance {
  readonly version: string
  readonly result: PeerResult
  readonly before: Usage
  readonly after: Usage
}

/** Starts the peer, tells it to go when it has loaded, and reads what it used before it may leave. */
async function perform(peer: Peer, job: Job): Promise<Performance | { reason: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-peer-'))
  const path = join(folder, 'job.json')
  writeFileSync(path, JSON.stringify(job))
  const [program, ...args] = peer.command
  // Nothing of the outside: a proxy named in the environment would be used by some and not by others.
  const { PATH, HOME } = process.env
  const child = spawn(program, [...args, path], {
    stdio: 'pipe',
    env: { PATH, HOME, NODE_ENV: 'production' },
  })
  let heard = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard = (heard + text).slice(-2_000)
  })
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })
  const inTime = limit(child, loadLimitMs)
  try {
    let before: Usage | undefined
    let version = ''
    for await (const line of lines) {
      const ready = before ? undefined : parseLine(readySchema, line)
      if (ready) {
        version = ready.version
        before = usageOf(child.pid!)
        inTime.extend(job.capMs + graceMs)
        child.stdin.write('go\n')
        continue
      }
      const result = before && parseLine(resultSchema, line)
      if (result) return { version, result, before: before!, after: usageOf(child.pid!) }
    }
    const last = heard.trim().split('\n').at(-1) || 'it said nothing'
    if (inTime.hasPassed) return { reason: `did not end its run when asked (${last})` }
    return { reason: `ended without a result: ${last}` }
  } finally {
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
