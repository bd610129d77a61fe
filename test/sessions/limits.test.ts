import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { readForm } from '../../src/source/form.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'
import { account, type LoginSite, openLoginSite } from './login-site.ts'

const exits = (count: number) => ({ origins: { spare: {} }, proxies: [{ name: 'exit', count }] })
const page = '<html><title>Shop</title><body><h1>A page</h1><a href="/">home</a></body></html>'

function pagesOf(site: LoginSite, paths: readonly string[], session = 'ann') {
  return defineSource({
    name: 'pages',
    params: z.object({}),
    item: z.object({ path: z.string() }),
    *seeds() {
      for (const path of paths) yield { url: `${site.url}${path}`, session }
    },
    *parse(page) {
      yield page.item({ path: new URL(page.url).pathname })
    },
  })
}

describe('one page of a session', () => {
  it('that is refused is given up alone, and its session goes on', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer) => {
      answer.writeHead(path === '/3' ? 403 : 200, { 'content-type': 'text/html' }).end(page)
      return true
    }
    await using scene = await openLabScene(exits(4), { concurrency: 1 })
    const crawl = scene.crawler.crawl(pagesOf(site, ['/1', '/2', '/3', '/4', '/5']))
    const { items, deadLetters } = await crawl.run()
    expect(items).toBe(4)
    expect(deadLetters.map(({ url, code }) => [new URL(url).pathname, code])).toEqual([['/3', 'status-403']])
    expect(new Set(site.visits.map(({ exit }) => exit)).size).toBe(1)
    await scene.end()
  })

  it('that breaks every life of its session is given up, and the others are read', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer, request) => {
      if (path === '/3') request.socket.destroy()
      else answer.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return true
    }
    await using scene = await openLabScene(exits(9), { concurrency: 1 })
    let lives = 0
    const source = {
      ...pagesOf(site, ['/1', '/2', '/3', '/4', '/5']),
      session: {
        begin: () => {
          lives++
        },
      },
    }
    const { items, deadLetters } = await scene.crawler.crawl(source).run()
    expect(items).toBe(4)
    expect(deadLetters).toMatchObject([{ code: 'session-lost' }])
    expect(lives).toBeLessThanOrEqual(4)
    await scene.end()
  })
})

describe('a session at a host that limits', () => {
  it('waits as long as it is told, on its exit, and does not begin again', async () => {
    let isLimited = true
    const scene = await openScene({ politeness: false, proxies: proxyList(5) }, ({ request }) => {
      if (!request.url.endsWith('/2') || !isLimited) return good
      isLimited = false
      return { afterMs: 100, status: 429, headers: { 'retry-after': '20' } }
    })
    const work = scene.crawler.session(async (session) => {
      await session.fetch('http://shop.test/1')
      await session.fetch('http://shop.test/2')
      return session.tryNumber
    })
    expect(await scene.until(work)).toBe(1)
    expect(scene.clock.now()).toBeGreaterThan(20_000)
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBe(1)
    await scene.end()
  })
})

describe('many pages that wait for one session', () => {
  it('have it begun once at a time, also when its first lives are lost', async () => {
    const scene = await openScene({ politeness: false, proxies: proxyList(5) }, () => good)
    let under = 0
    let most = 0
    const lives: number[] = []
    const source = defineSource({
      name: 'many',
      params: z.object({}),
      item: z.object({ n: z.number() }),
      *seeds() {
        for (let n = 0; n < 50; n++) yield { url: `http://shop.test/${n}`, session: 'ann' }
      },
      *parse(page) {
        yield page.item({ n: Number(new URL(page.url).pathname.slice(1)) })
      },
      session: {
        async begin(session) {
          most = Math.max(most, ++under)
          lives.push(session.life)
          await session.fetch('http://shop.test/login')
          under--
          if (session.life < 4) session.restart('not yet')
        },
      },
    })
    const summary = await scene.until(scene.crawler.crawl(source).run())
    expect(summary).toMatchObject({ items: 50, failed: 0 })
    expect([most, lives]).toEqual([1, [1, 2, 3, 4]])
    await scene.end()
  })
})

describe('two sessions of a crawl', () => {
  it('begin each by its name, and share neither exit book nor cookies', async () => {
    await using site = await openLoginSite()
    await using scene = await openLabScene(exits(6))
    const names: string[] = []
    const source = defineSource({
      name: 'two',
      params: z.object({}),
      item: z.object({ text: z.string() }),
      *seeds() {
        for (const n of [1, 2, 3, 4]) {
          for (const session of ['ann', 'bob']) yield { url: `${site.url}/page/${n}?as=${session}`, session }
        }
      },
      *parse(page) {
        yield page.item({ text: `${page.request.session} ${page.$('p').text()}` })
      },
      session: {
        async begin({ name, fetch, submit }) {
          names.push(name)
          const login = await readForm(await fetch(`${site.url}/login`), '#login')
          await submit(login.fill(account))
        },
      },
    })
    const texts: string[] = []
    for await (const { text } of scene.crawler.crawl(source)) texts.push(text)
    expect(names.sort()).toEqual(['ann', 'bob'])
    expect(texts).toHaveLength(8)
    const membersOf = (name: string) => new Set(texts.filter((text) => text.startsWith(name)))
    expect([membersOf('ann').size, membersOf('bob').size]).toEqual([1, 1])
    expect([...membersOf('ann')][0]!.slice(4)).not.toBe([...membersOf('bob')][0]!.slice(4))
    await scene.end()
  })
})

describe('a crawl that goes on in another process', () => {
  it('logs in again before the pages that wait, and writes neither cookie nor password anywhere', async () => {
    await using site = await openLoginSite()
    const state = await mkdtemp(join(tmpdir(), 'session-'))
    const secrets = [account.password, 'member-']
    const told: unknown[] = []
    const source = defineSource({
      name: 'members',
      params: z.object({}),
      item: z.object({ heading: z.string() }),
      *seeds() {
        yield { url: `${site.url}/account`, session: 'ann' }
      },
      *parse(page) {
        yield page.item({ heading: page.$('h1').text() })
        yield page.follow('a[href^="/page/"]', { session: 'ann' })
      },
      session: {
        async begin({ fetch, submit }) {
          const login = await readForm(await fetch(`${site.url}/login`), '#login')
          await submit(login.fill(account))
        },
      },
    })
    const run = async (most: number) => {
      await using scene = await openLabScene(exits(4), { state, concurrency: 2 })
      const crawl = scene.crawler.crawl(source)
      for (const event of ['outcome', 'task.settled', 'log', 'alert', 'attempt.started'] as const)
        scene.crawler.on(event, (...values: unknown[]) => told.push(values))
      scene.crawler.inspect((event) => told.push(JSON.stringify(event)))
      const headings: string[] = []
      for await (const { heading } of crawl) {
        headings.push(heading)
        if (headings.length >= most) break
      }
      await crawl.done.catch(() => {})
      for (const { task } of scene.log.settled) told.push(scene.crawler.explain(task))
      return headings
    }
    const first = await run(3)
    const second = await run(Number.POSITIVE_INFINITY)
    expect(new Set([...first, ...second]).size).toBe(11)
    expect(site.visits.filter(({ method }) => method === 'POST')).toHaveLength(2)
    for (const file of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const bytes = await readFile(join(file.parentPath, file.name), 'latin1')
      for (const secret of secrets) expect(bytes, file.name).not.toContain(secret)
    }
    for (const secret of secrets)
      expect(inspect(told, { depth: 20, maxArrayLength: null })).not.toContain(secret)
    await rm(state, { recursive: true })
  })
})
