import { statSync } from 'node:fs'
import type { Frontier, Lease } from '../../src/contracts/frontier.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { quantile } from '../report.ts'
import { LoopPauses, type Pauses } from './loop-pauses.ts'
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
/** Requests taken and settled a second. */
const steadyRate = 10_000

export interface Figures {
  readonly part: 'discover' | 'settle' | 'steady' | 'crawl' | 'reopen'
  /** Of the part's own unit: new URLs, settled requests. */
  readonly perSecond: number
  /** The same over the last tenth. */
  readonly lastPerSecond: number
  readonly takes: { readonly p50: number; readonly p99: number; readonly most: number }
  readonly queued: number
  readonly pauses: Pauses
  readonly peakBytes: number
  readonly fileBytes: number
  readonly openMs: number
}

const loop = new LoopPauses()
const peakBytes = () => process.resourceUsage().maxRSS * 1_024
const fileBytes = () => statSync(path).size

async function fill(): Promise<void> {
  const frontier = await openSqliteFrontier({ path })
  const web = new Web(Number(hosts))
  await new Promise((resolve) => setTimeout(resolve, 200))
  await measure('discover', frontier, (ended) => discover(frontier, web, Number(urls), ended))
  await measure('settle', frontier, (ended, takes) => settle(frontier, Number(settled), ended, takes))
  await measure('steady', frontier, (ended, takes) => settleSteadily(frontier, 5, ended, takes))
  await measure('crawl', frontier, (ended, takes) => crawl(frontier, web, Number(settled) / 20, ended, takes))
  for (;;) await discover(frontier, web, 10_000, () => {})
}

async function measure(
  part: Figures['part'],
  frontier: Frontier,
  work: (ended: (count: number) => void, takes: number[]) => Promise<void>,
): Promise<void> {
  loop.read()
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
    pauses: loop.read(),
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

/** Takes and settles as fast as it goes, up to 256 at a time, each settled by itself as a crawl does. */
async function settle(
  frontier: Frontier,
  wanted: number,
  ended: (count: number) => void,
  takes: number[],
): Promise<void> {
  let left = wanted
  let open = 0
  let wake: (() => void) | undefined
  const sleep = () => new Promise<void>((resolve) => (wake = resolve))
  while (left > 0) {
    if (open > underWay - 32) {
      await sleep()
      continue
    }
    const leases = await timedTake(frontier, Math.min(left, 64, underWay - open), takes)
    left -= leases.length
    open += leases.length
    for (const lease of leases) {
      void settleOne(frontier, lease).then(() => {
        open--
        ended(1)
        wake?.()
      })
    }
  }
  while (open > 0) await sleep()
}

/** The same at the rate that is promised, some every few milliseconds. */
async function settleSteadily(
  frontier: Frontier,
  seconds: number,
  ended: (count: number) => void,
  takes: number[],
): Promise<void> {
  const begun = performance.now()
  let taken = 0
  const open = new Set<Promise<void>>()
  while (performance.now() - begun < seconds * 1_000) {
    const due = Math.floor((performance.now() - begun) * (steadyRate / 1_000)) - taken
    for (const lease of due > 0 ? await timedTake(frontier, Math.min(due, 64), takes) : []) {
      taken++
      const settled = settleOne(frontier, lease).then(() => ended(1))
      open.add(settled)
      void settled.then(() => open.delete(settled))
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await Promise.all(open)
}

/** Pages as they come: taken a few at a time, their links discovered, then settled. */
async function crawl(
  frontier: Frontier,
  web: Web,
  wanted: number,
  ended: (count: number) => void,
  takes: number[],
): Promise<void> {
  let left = wanted
  const visit = async () => {
    while (left > 0) {
      left -= 4
      for (const lease of await timedTake(frontier, 4, takes)) {
        await frontier.discover(web.page())
        await settleOne(frontier, lease)
        ended(1)
      }
    }
  }
  await Promise.all(Array.from({ length: pagesAtOnce }, visit))
}

async function timedTake(frontier: Frontier, max: number, takes: number[]): Promise<Lease[]> {
  const start = performance.now()
  const leases = await frontier.take({ max, now: start })
  takes.push(performance.now() - start)
  if (leases.length === 0) throw new Error('nothing to take')
  return leases
}

async function settleOne(frontier: Frontier, lease: Lease): Promise<void> {
  await frontier.settle([{ lease, kind: 'done', tally: { pages: 1 } }])
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
    pauses: loop.read(),
    peakBytes: peakBytes(),
    fileBytes: fileBytes(),
    openMs,
  })
  await frontier.close()
}

if (part === 'fill') await fill()
else await reopen()
