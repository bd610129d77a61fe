import { startLabProcess } from '../../src/lab/index.ts'
import { quantile } from '../report.ts'
import type { Peer } from './cast.ts'
import { type Job, type PeerResult, resultSchema } from './job.ts'
import { perform } from './perform.ts'
import { type PeerScenario, pagesOf } from './scenarios.ts'

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
  const run = await perform(peer.command, job, { result: resultSchema, limitMs: capMs + graceMs })
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
