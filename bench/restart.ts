import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { openReputationFile } from '../src/state/reputation/reputation-file.ts'
import { milliseconds, quantile, type Report, share } from './report.ts'
import { EngineClient } from './restart/client.ts'
import { largestFile } from './restart/largest.ts'

/**
 * What a restart costs: the mixed hundred, requests to one host, 50 at a time, politeness off. Cold knows nothing, warm is
 * the same engine a second time, restarted is a new one that found the file of the first, and amnesiac a new one that did
 * not: what would be lost without the file.
 */
const inFlight = 50

export async function restart(report: Report, { requests = 500, seeds = 5 } = {}): Promise<void> {
  const runs: Runs[] = []
  for (let seed = 1; seed <= seeds; seed++) runs.push(await once(seed, requests))
  const names = ['cold', 'warm', 'restarted', 'amnesiac'] as const
  const middle = (pick: (runs: Runs) => number) => quantile(runs.map(pick), 0.5)
  report.table(
    `Restart, mixed hundred: ${requests} requests, 50 at a time (median of ${seeds} seeds)`,
    ['', 'wall', 'wall × warm', 'attempts', 'failed'],
    names.map((name) => [
      name,
      milliseconds(middle((each) => each[name].wall)),
      share(middle((each) => each[name].wall / each.warm.wall)),
      middle((each) => each[name].attempts).toFixed(3),
      String(Math.max(...runs.map((each) => each[name].failed))),
    ]),
  )
  const times = middle((each) => each.restarted.wall / each.warm.wall)
  report.atMost('restarted wall against warm', times, 1.2, share)
  const attempts = middle((each) => each.restarted.attempts)
  report.atMost('restarted attempts per success', attempts, 1.06, (value) => value.toFixed(3))
  const failed = Math.max(...runs.flatMap((each) => names.map((name) => each[name].failed)))
  report.atMost('failed', failed, 0)
  report.figure(
    'file',
    middle((each) => each.bytes),
    (bytes) => `${(bytes / 1_024).toFixed(1)} KiB`,
  )
  const folder = await mkdtemp(join(tmpdir(), 'regatta-restart-'))
  await largestFile(report, join(folder, 'reputation.sqlite'))
  await rm(folder, { recursive: true, force: true })
}

interface Runs {
  readonly cold: Run
  readonly warm: Run
  readonly restarted: Run
  readonly amnesiac: Run
  readonly bytes: number
}

interface Run {
  readonly wall: number
  readonly attempts: number
  readonly failed: number
}

async function once(seed: number, requests: number): Promise<Runs> {
  await using lab = await startLabProcess({ ...findScenario('mixed-100'), seed })
  const { url } = Object.values(lab.origins)[0]!
  const pages = Array.from({ length: requests }, (_, index) => `${url}/page/${(index % 1_999) + 1}`)
  const folder = await mkdtemp(join(tmpdir(), 'regatta-restart-'))
  const path = join(folder, 'reputation.sqlite')
  const open = async () => {
    const client = new EngineClient(lab.proxies, { politeness: false, seed })
    const { wheel, engine } = client
    const file = await openReputationFile(path, { clock: systemClock, wheel, alert: refuse })
    if (file.snapshot) engine.restore(file.snapshot)
    file.follow(engine)
    return { client, stop: () => client.stop(() => file.close()) }
  }
  try {
    const first = await open()
    const cold = await run(first.client, pages)
    const warm = await run(first.client, pages)
    await first.stop()
    const { size: bytes } = await stat(path)
    const second = await open()
    const restarted = await run(second.client, pages)
    await second.stop()
    await rm(path)
    const third = await open()
    const amnesiac = await run(third.client, pages)
    await third.stop()
    return { cold, warm, restarted, amnesiac, bytes }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(client: EngineClient, urls: readonly string[]): Promise<Run> {
  const before = client.attempts
  let failed = 0
  let next = 0
  const start = performance.now()
  const worker = async () => {
    while (next < urls.length) if (!(await client.fetch(urls[next++]!)).ok) failed++
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const wall = performance.now() - start
  return { wall, attempts: (client.attempts - before) / Math.max(1, urls.length - failed), failed }
}

function refuse({ message }: { message: string }): never {
  throw new Error(message)
}
