import { statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Frontier } from '../../src/frontier/frontier.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { quantile } from '../report.ts'
import { Web } from './web.ts'

/**
 * The measured process, so that its memory is its own and it can be killed: `child.ts fill PATH URLS HOSTS SETTLED` says
 * its figures as a line of JSON for each part, and goes on discovering until it is killed; `child.ts reopen PATH`.
 */
const [part, path = '', urls = '0', hosts = '0', settled = '0'] = process.argv.slice(2)
const say = (figures: Figures) => console.log(JSON.stringify(figures))
/** Pages whose links are on their way at a time. */
const pagesAtOnce = 16
const underWay = 256

export interface Figures {
  readonly part: 'discover' | 'settle' | 'crawl' | 'reopen'
  /** Of the part's own unit: new URLs, settled requests. */
  readonly perSecond: number
  /** The same over the last tenth. */
  readonly lastPerSecond: number
  readonly takes: { readonly p50: number; readonly p99: number; readonly most: number }
  readonly queued: number
  /** Of the event loop, its longest pause, milliseconds. */
  readonly blockedMs: number
  readonly peakBytes: number
  readonly fileBytes: number
  readonly openMs: number
}

const delay = monitorEventLoopDelay({ resolution: 2 })
const peakBytes = () => process.resourceUsage().maxRSS * 1_024
const fileBytes = () => statSync(path).size

async function fill(): Promise<void> {
  const frontier = await openSqliteFrontier({ path })
  const web = new Web(Number(hosts))
  await new Promise((resolve) => setTimeout(resolve, 200))
  delay.enable()
  await measure('discover', frontier, (ended) => discover(frontier, web, Number(urls), ended))
  await measure('settle', frontier, (ended, takes) => settle(frontier, Number(settled), ended, takes))
  await measure('crawl', frontier, (ended, takes) =>
    settle(frontier, Number(settled) / 20, ended, takes, web),
  )
  for (;;) await discover(frontier, web, 10_000, () => {})
}

async function measure(
  part: Figures['part'],
  frontier: Frontier,
  work: (ended: (count: number) => void, takes: number[]) => Promise<void>,
): Promise<void> {
  delay.reset()
  const takes: number[] = []
  const marks: [at: number, count: number][] = [[performance.now(), 0]]
  let count = 0
  await work((ended) => {
    count += ended
    const now = performance.now()
    if (now - marks.at(-1)![0] > 100) marks.push([now, count])
  }, takes)
  marks.push([performance.now(), count])
  const { ready, waiting } = await frontier.stats()
  say({
    part,
    perSecond: rate(marks),
    lastPerSecond: rate(marks.slice(Math.floor(marks.length * 0.9) - 1)),
    takes: { p50: quantile(takes, 0.5), p99: quantile(takes, 0.99), most: Math.max(0, ...takes) },
    queued: ready + waiting,
    blockedMs: delay.max / 1e6,
    peakBytes: peakBytes(),
    fileBytes: fileBytes(),
    openMs: 0,
  })
}

function rate(marks: readonly (readonly [at: number, count: number])[]): number {
  const [from, before] = marks[0]!
  const [upto, after] = marks.at(-1)!
  return ((after - before) / (upto - from)) * 1_000
}

/** Until so many new URLs were found. */
async function discover(
  frontier: Frontier,
  web: Web,
  wanted: number,
  ended: (count: number) => void,
): Promise<void> {
  let left = wanted
  const page = async () => {
    while (left > 0) {
      const answers = await frontier.discover(web.page())
      let added = 0
      for (const answer of answers) if (answer === 'added') added++
      left -= added
      ended(added)
    }
  }
  await Promise.all(Array.from({ length: pagesAtOnce }, page))
}

/** Takes and settles as a crawl does: some at a time, each settled by itself; with a web, its links come first. */
async function settle(
  frontier: Frontier,
  wanted: number,
  ended: (count: number) => void,
  takes: number[],
  web?: Web,
): Promise<void> {
  let left = wanted
  let open = 0
  let wake: (() => void) | undefined
  const one = async (lease: Awaited<ReturnType<Frontier['take']>>[number]) => {
    if (web) await frontier.discover(web.page())
    await frontier.settle([{ lease, kind: 'done', tally: { pages: 1 } }])
    open--
    ended(1)
    wake?.()
  }
  while (left > 0) {
    if (open > underWay - 32) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      continue
    }
    const start = performance.now()
    const leases = await frontier.take({ max: Math.min(left, 64, underWay - open), now: start })
    takes.push(performance.now() - start)
    if (leases.length === 0) throw new Error('nothing to take')
    left -= leases.length
    open += leases.length
    for (const lease of leases) void one(lease)
  }
  while (open > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}

async function reopen(): Promise<void> {
  const start = performance.now()
  const frontier = await openSqliteFrontier({ path })
  const leases = await frontier.take({ max: 64, now: performance.now() })
  const openMs = performance.now() - start
  const { ready, waiting, leased } = await frontier.stats()
  if (leases.length < 64) throw new Error(`${leases.length} of 64 requests after opening again`)
  say({
    part: 'reopen',
    perSecond: 0,
    lastPerSecond: 0,
    takes: { p50: 0, p99: 0, most: 0 },
    queued: ready + waiting + leased,
    blockedMs: 0,
    peakBytes: peakBytes(),
    fileBytes: fileBytes(),
    openMs,
  })
  await frontier.close()
}

if (part === 'fill') await fill()
else await reopen()
