import { rm, stat } from 'node:fs/promises'
import { systemClock } from '../../src/base/clock.ts'
import { createRandom } from '../../src/base/random.ts'
import { Wheel } from '../../src/base/wheel.ts'
import { openReputationFile } from '../../src/state/reputation/reputation-file.ts'
import type { PairsRecord } from '../../src/state/reputation/snapshot-record.ts'
import { milliseconds, type Report } from '../report.ts'

/** The file at its limit, 200,000 pairs: what writing and reading it cost, and how long the event loop stands still. */
export async function largestFile(report: Report, path: string): Promise<void> {
  const records = Array.from({ length: 800 }, (_, index) => pairsOf(`host-${index >> 1}.example`, 250))
  const open = () =>
    openReputationFile(path, {
      clock: systemClock,
      wheel: new Wheel(systemClock),
      alert: ({ message }) => {
        throw new Error(message)
      },
    })
  const empty = await open()
  empty.follow({ lessons: 1, records: () => records })
  const writing = await watch(() => empty.close())
  const { size } = await stat(path)
  const reading = await watch(open)
  await rm(path)
  report.figure('200,000 pairs: file', size, (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`)
  report.figure('processor time of writing them', writing.cpuMs, milliseconds)
  report.figure('processor time of reading them', reading.cpuMs, milliseconds)
  report.atMost('longest turn of the event loop while writing', writing.pauseMs, 20, milliseconds)
  report.atMost('longest turn of the event loop while reading', reading.pauseMs, 20, milliseconds)
}

async function watch(work: () => Promise<unknown>): Promise<{ cpuMs: number; pauseMs: number }> {
  let pauseMs = 0
  let last = threadMs()
  let isOver = false
  const turn = () => {
    const now = threadMs()
    pauseMs = Math.max(pauseMs, now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const before = process.cpuUsage()
  await work()
  isOver = true
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1_000, pauseMs }
}

/** Processor time of this thread: what others do to the machine is not our pause. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

function pairsOf(host: string, size: number): PairsRecord {
  const random = createRandom(size)
  const column = (most: number) =>
    Array.from({ length: size }, () => Math.round(random() * most * 1_000) / 1_000)
  const zeros = () => Array.from({ length: size }, () => 0)
  return {
    ...{ kind: 'pairs', at: systemClock.wall(), host },
    proxies: Array.from({ length: size }, (_, n) => `socks5h://203.0.113.${n}:1080#3fa9c`),
    ...{ success: column(40), failure: column(5), since: column(60_000), run: column(3), seen: column(30) },
    ...{ failed: column(1), slow: column(1), reopens: zeros(), proven: zeros() },
    outages: Array.from({ length: size / 10 }, (_, n) => [n, 'open', 30_000, -2_000, '3 failures in a row']),
    ...{ latencyWeight: column(20), latencyMean: column(7), latencyAt: column(60_000), tempo: column(1) },
    ...{ uses: column(300), next: zeros() },
  }
}
