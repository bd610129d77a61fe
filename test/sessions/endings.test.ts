import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SourceSessions } from '../../src/contracts/source-session.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

function shopWith(session: SourceSessions, pages = 40) {
  return defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ n: z.number() }),
    robots: false,
    *seeds() {
      for (let n = 0; n < pages; n++) yield `https://shop.test/${n}`
    },
    *parse(page) {
      yield page.item({ n: Number(new URL(page.url).pathname.slice(1)) })
    },
    session,
  })
}

const base = { politeness: false, proxies: proxyList(3) } as const

describe('a crawl that ends while its sessions begin', () => {
  it.each(['stop', 'drain'] as const)(
    '%s() waits for no acquire that hangs, and leaves no timer behind',
    async (how) => {
      const scene = await openScene(base, () => good)
      const crawl = scene.crawler.crawl(shopWith({ acquire: () => new Promise(() => {}) }))
      const running = crawl.run().catch(() => undefined)
      await scene.clock.advance(1_000)
      await scene.until(crawl[how]())
      await scene.until(running)
      expect(scene.clock.now()).toBeLessThan(5_000)
      await scene.end()
    },
  )

  it('also while it rests after one that threw, and while many wait for room', async () => {
    const scene = await openScene(base, () => good)
    let calls = 0
    const acquire = () => {
      calls++
      throw new Error('not now')
    }
    const crawl = scene.crawler.crawl(shopWith({ size: 1, acquire }))
    const running = crawl.run().catch(() => undefined)
    await scene.clock.advance(10_000)
    await scene.until(crawl.stop())
    await scene.until(running)
    expect(calls).toBeGreaterThan(2)
    expect(calls).toBeLessThan(10)
    await scene.end()
  })
})

describe('a session whose site is slow', () => {
  it('has four requests in line and no more; the others wait, and all come', async () => {
    let most = 0
    let under = 0
    const scene = await openScene(base, ({ request }) => {
      if (request.url.endsWith('/token')) return good
      most = Math.max(most, ++under)
      return { ...good, afterMs: 2_000, over: () => void under-- }
    })
    const acquire: SourceSessions['acquire'] = async (fetch) => {
      await fetch('https://shop.test/token')
      return {}
    }
    const crawl = scene.crawler.crawl(shopWith({ size: 2, acquire }))
    expect(await scene.until(crawl.run())).toMatchObject({ items: 40, failed: 0 })
    expect(most).toBeLessThanOrEqual(8)
    await scene.end()
  })
})

describe('a crawl that goes on in another process', () => {
  it('acquires anew, and no crumb stands in its state, its events or the addresses of its pages', async () => {
    const state = await mkdtemp(join(tmpdir(), 'crumbs-'))
    const told: string[] = []
    const crumbs = new Set<string>()
    const foreign: string[] = []
    const run = async (most: number) => {
      await using scene = await openLabScene(
        { origins: { quotes: {} }, proxies: [{ name: 'exit', count: 4 }] },
        { state, concurrency: 2 },
      )
      const { url } = scene.lab.origins.quotes!
      const source = defineSource({
        name: 'quotes',
        params: z.object({}),
        item: z.object({ url: z.string() }),
        robots: false,
        *seeds() {
          for (let n = 0; n < 30; n++) yield `http://quotes.lab/quote?symbol=S${n}`
        },
        *parse(page) {
          yield page.item({ url: page.url })
        },
        session: {
          acquire: async (fetch) => ({ query: { crumb: await (await fetch(`${url}/crumb`)).text() } }),
        },
      })
      for (const event of ['outcome', 'task.settled', 'item', 'attempt.started', 'log'] as const)
        scene.crawler.on(event, (...values: unknown[]) => told.push(inspect(values, { depth: 9 })))
      let items = 0
      for await (const _ of scene.crawler.crawl(source)) if (++items >= most) break
      const { rows } = (await scene.lab.books()).origins.quotes!
      const exitOf = new Map<string, string>()
      for (const { path, crumb, exitIp } of rows) {
        if (path === '/crumb') exitOf.set(crumb, exitIp)
        else if (exitOf.get(crumb) !== exitIp) foreign.push(path)
      }
      for (const crumb of exitOf.keys()) crumbs.add(crumb)
      return items
    }
    const first = await run(5)
    const second = await run(Number.POSITIVE_INFINITY)
    expect([first, second >= 25]).toEqual([5, true])
    expect(foreign).toEqual([])
    expect(crumbs.size).toBeGreaterThan(1)
    for (const file of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) told.push(await readFile(join(file.parentPath, file.name), 'latin1'))
    }
    for (const crumb of crumbs) expect(told.some((each) => each.includes(`crumb=${crumb}`))).toBe(false)
    await rm(state, { recursive: true })
  })
})
