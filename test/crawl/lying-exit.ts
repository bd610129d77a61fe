import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { CrawlOptions } from '../../src/contracts/crawl.ts'
import type { Frontier } from '../../src/contracts/frontier.ts'
import type { TransportCall } from '../../src/contracts/transport.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'
import { driveTrust } from './hand-driven-trust.ts'

/**
 * Two exits: the first one lies, the second one is honest. The test says when the first is found lying; from then on it is
 * not used any more. What the site says of page n is `page n`, and what the liar says is up to the test.
 */
const origin = 'http://target.test'
export const [liar, honest] = proxyList(2) as [string, string]

export const urlOf = (n: number) => `${origin}/page/${n}`
export const pageOf = (url: string) => Number(url.slice(url.lastIndexOf('/') + 1))
export const right = (n: number) => `<html><title>page ${n}</title><body><p>page ${n}</p></body></html>`
export const wrong = (n: number) => `<html><title>lie ${n}</title><body><p>lie ${n}</p></body></html>`

export const titleOf = (page: { text(): string }) => /<title>(.*)<\/title>/.exec(page.text())?.[1] ?? ''

export const pages = defineSource({
  name: 'pages',
  params: z.object({ count: z.number() }),
  item: z.object({ n: z.number(), title: z.string() }),
  robots: false,
  *seeds({ count }) {
    for (let n = 0; n < count; n++) yield urlOf(n)
  },
  *parse(page) {
    const n = pageOf(page.request.url)
    yield page.edge({ from: String(n), to: titleOf(page), type: 'is' })
    yield page.item({ n, title: titleOf(page) })
  },
})

interface Given {
  /** What the liar answers. Default: a page of the site's shape. */
  readonly lie?: (n: number, call: TransportCall) => Partial<SimulatedAttempt>
  /** What the honest one answers. Default: the page. */
  readonly truth?: (n: number) => Partial<SimulatedAttempt>
}

export async function open({
  lie = (n) => ({ body: wrong(n) }),
  truth = (n) => ({ body: right(n) }),
}: Given = {}) {
  const trust = driveTrust()
  onTestFinished(trust.restore)
  let isFound = false
  /** Pages that the liar has brought before it was found. */
  const lied = new Set<number>()
  const scene = await openScene(
    {
      politeness: false,
      proxies: [liar, honest],
      concurrency: 4,
      hedge: false,
      strategy: 'round-robin',
      trust: 'blind',
    },
    (call) => {
      const n = pageOf(call.request.url)
      const end = (): SimulatedAttempt => {
        const isLie = numberOf(call) === 1 && !isFound
        if (isLie) lied.add(n)
        const said = isLie ? lie(n, call) : truth(n)
        return { afterMs: 0, headers: { 'content-type': 'text/html' }, ...said }
      }
      return { afterMs: 100, phase: 'body', next: end }
    },
  )
  onTestFinished(() => scene.crawler.stop())
  const told: string[] = []
  scene.crawler.on('item', ({ value, revision = 0 }) =>
    told.push(`item ${(value as { title: string }).title} ${revision}`),
  )
  scene.crawler.on('item.retracted', ({ of, index, revision }) =>
    told.push(`gone ${of} ${index} ${revision}`),
  )
  const alerts: string[] = []
  scene.crawler.on('alert', ({ code, message }) => alerts.push(`${code}: ${message}`))
  const find = () => {
    if (isFound) return
    isFound = true
    scene.crawler.isolate(liar, 'lies')
    trust.convicted(liar)
  }
  /** The liar is found when so many pages are settled. */
  const findAfter = (count: number) => {
    let done = 0
    const count1 = () => {
      if (++done === count) find()
    }
    scene.crawler.on('request.done', count1)
    scene.crawler.on('request.dead', count1)
    scene.crawler.on('request.skipped', count1)
  }
  const crawl = (count: number, options: CrawlOptions = {}) =>
    until(scene, scene.crawler.crawl(pages, { count }, options).run())
  return { scene, trust, told, alerts, find, findAfter, crawl, lied, lies: () => trust.broughtBy(liar) }
}

/** Lets virtual time pass while real files are written. */
export async function until<Value>({ clock }: Scene, promise: Promise<Value>): Promise<Value> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  promise.then(over, over)
  while (!isOver) {
    await clock.advance(20)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return promise
}

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regatta-corrections-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

export async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trim().split('\n').sort()
}

export const titles = (count: number) => Array.from({ length: count }, (_, n) => `page ${n}`)
export const items = (count: number) =>
  titles(count)
    .map((title, n) => JSON.stringify({ n, title }))
    .sort()

export async function frontierIn(kind: string, { clock }: Scene): Promise<Frontier> {
  if (kind === 'memory') return createMemoryFrontier({ clock })
  const path = join(await folder(), 'crawl.db')
  const frontier = await openSqliteFrontier({ path, clock, inline: true })
  onTestFinished(() => frontier.close())
  return frontier
}
