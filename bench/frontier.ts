import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Figures } from './frontier/child.ts'
import type { Report } from './report.ts'

/**
 * A frontier that outgrows memory: ten million URLs of 100,000 hosts are discovered as pages yield them, then some are
 * taken and settled one by one, as fast as it goes and at a steady rate, then both go on at once as in a crawl, until the
 * process is killed with -9 and another one opens the file. The frontier's process is one of its own. Beside it Crawlee's
 * request queue with the same web, at the largest size that it finishes in a bounded time.
 */
export interface FrontierOptions {
  readonly isSmoke?: boolean
}

interface Scale {
  readonly urls: number
  readonly hosts: number
  readonly settled: number
  readonly crawlee: { readonly first: number; readonly limitMs: number }
}

const full: Scale = {
  urls: 10_000_000,
  hosts: 100_000,
  settled: 200_000,
  crawlee: { first: 2_000, limitMs: 30_000 },
}
const smoke: Scale = { urls: 200_000, hosts: 5_000, settled: 20_000, crawlee: { first: 300, limitMs: 5_000 } }

export async function frontier(report: Report, { isSmoke = false }: FrontierOptions = {}): Promise<void> {
  const scale = isSmoke ? smoke : full
  const folder = mkdtempSync(join(tmpdir(), 'regatta-frontier-'))
  try {
    const parts = await ourFigures(join(folder, 'crawl.db'), scale)
    const peer = await crawleeFigures(join(folder, 'crawlee'), scale, isSmoke)
    tell(report, scale, parts, peer)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Parts = Record<Figures['part'], Figures>

async function ourFigures(path: string, { urls, hosts, settled }: Scale): Promise<Parts> {
  const parts: Partial<Parts> = {}
  const counts = [urls, hosts, settled].map(String)
  for await (const figures of linesOf<Figures>('./frontier/child.ts', ['fill', path, ...counts])) {
    parts[figures.part] = figures
    if (figures.part === 'crawl') break // it is killed in the middle of its work
  }
  for await (const figures of linesOf<Figures>('./frontier/child.ts', ['reopen', path])) {
    parts.reopen = figures
  }
  for (const part of ['discover', 'settle', 'steady', 'crawl', 'reopen'] as const) {
    if (!parts[part]) throw new Error(`The frontier's process ended before "${part}".`)
  }
  return parts as Parts
}

interface PeerFigures {
  readonly version: string
  readonly size: number
  readonly discoverPerSecond: number
  readonly settlePerSecond: number
  readonly takeP99: number
  readonly peakBytes: number
}

async function crawleeFigures(
  folder: string,
  { hosts, crawlee }: Scale,
  isSmoke: boolean,
): Promise<PeerFigures | undefined> {
  const home = fileURLToPath(new URL('./peers/crawlee/', import.meta.url))
  if (!existsSync(join(home, 'node_modules/@crawlee/http'))) {
    if (isSmoke) return undefined
    try {
      execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: home, stdio: 'ignore' })
    } catch {
      return undefined // without a network the others still have their figures
    }
  }
  const given = [folder, crawlee.first, crawlee.limitMs, hosts].map(String)
  let last: PeerFigures | undefined
  for await (const figures of linesOf<PeerFigures>('./frontier/crawlee.mjs', given)) last = figures
  return last
}

/** What a program says, line by line; it is killed when nobody listens any more. */
async function* linesOf<Line>(program: string, given: readonly string[]): AsyncGenerator<Line> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

function tell(report: Report, { urls }: Scale, parts: Parts, peer: PeerFigures | undefined): void {
  const { discover, settle, steady, crawl, reopen } = parts
  report.table(
    `A frontier of ${count(settle.queued)} URLs`,
    ['', 'new URLs/s', 'take+settle/s', 'p99 of a take at that rate', 'peak memory', 'file'],
    [
      [
        `Regatta, ${count(urls)}`,
        count(discover.perSecond),
        count(settle.perSecond),
        ms(steady.takes.p99),
        megabytes(crawl.peakBytes),
        megabytes(crawl.fileBytes),
      ],
      peer
        ? [
            `Crawlee ${peer.version}, ${count(peer.size)}`,
            count(peer.discoverPerSecond),
            count(peer.settlePerSecond),
            ms(peer.takeP99),
            megabytes(peer.peakBytes),
            '',
          ]
        : ['Crawlee: not installed, or not one size in time', '', '', '', '', ''],
    ],
  )
  report.figure('new URLs a second at the end', discover.lastPerSecond, count)
  report.figure('pages a second with 60 links each', crawl.perSecond, count)
  report.figure('p99 of a take as pages yield links', crawl.takes.p99, ms)
  report.figure('longest take at 10,000 a second', steady.takes.most, ms)
  report.figure('bytes a queued URL', crawl.fileBytes / crawl.queued, (value) => value.toFixed(0))
  report.atLeast('new URLs a second', discover.perSecond, 30_000, count)
  report.atLeast('take and settle a second', settle.perSecond, 10_000, count)
  report.atMost('p99 of a take at 10,000 a second', steady.takes.p99, 5, ms)
  report.atMost('opening after kill -9', reopen.openMs, 5_000, ms)
  report.atMost('peak memory of the process', crawl.peakBytes, 500e6, megabytes)
  const pauses = [discover, settle, steady, crawl].map((part) => part.pauses)
  report.figure('longest pause of the event loop', Math.max(...pauses.map((each) => each.longestMs)), ms)
  const work = Math.max(...pauses.map((each) => each.mostWorkMs))
  report.atMost('work in one pause of the event loop', work, 20, ms)
}

const count = (value: number) => Math.round(value).toLocaleString('en')
const ms = (value: number) => `${value.toFixed(1)} ms`
const megabytes = (value: number) => `${(value / 1e6).toFixed(0)} MB`
