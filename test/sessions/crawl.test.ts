import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Crawl } from '../../src/contracts/crawl.ts'
import type { SourceSessions } from '../../src/contracts/source-session.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { readForm } from '../../src/source/form.ts'
import { type LabScene, openLabScene } from '../faults/lab-scene.ts'
import { account, type LoginSite, openLoginSite, type Visit } from './login-site.ts'

const exits = (count: number) => ({ origins: { spare: {} }, proxies: [{ name: 'exit', count }] })

interface Wish {
  readonly password?: string
  readonly session?: boolean
  readonly isOver?: SourceSessions['isOver']
}

/** Logs in, and reads the account and its pages within the session `ann`. */
function members(site: LoginSite, { password = account.password, session = true, isOver }: Wish = {}) {
  return defineSource({
    name: 'members',
    params: z.object({}),
    item: z.object({ heading: z.string(), member: z.string() }),
    *seeds() {
      yield { url: `${site.url}/account`, session: 'ann' }
    },
    *parse(page) {
      const member = /member-\d+/.exec(page.text())?.[0] ?? ''
      yield page.item({ heading: page.$('h1').text() || page.$('title').text(), member })
      yield page.follow('a[href^="/page/"]', { session: 'ann' })
    },
    ...(session && {
      session: {
        async begin({ fetch, submit }) {
          const login = await readForm(await fetch(`${site.url}/login`), '#login')
          const answer = await submit(login.fill({ user: account.user, password }))
          if (!answer.url.endsWith('/account')) throw new Error('the site does not take the password')
        },
        ...(isOver && { isOver }),
      },
    }),
  })
}

async function headings(crawl: Crawl<{ heading: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { heading } of crawl) found.push(heading)
  return found.sort()
}

/** Each cookie was shown by the address it was given to, and nowhere else. */
function expectOneExitPerLife(visits: readonly Visit[]): void {
  const exitOf = new Map<string, string>()
  for (const { exit, cookies } of visits) {
    for (const cookie of [cookies.guest, cookies.member]) {
      if (cookie === undefined) continue
      if (!exitOf.has(cookie)) exitOf.set(cookie, exit)
      expect(exit, cookie).toBe(exitOf.get(cookie))
    }
  }
}

const logins = ({ visits }: LoginSite) => visits.filter(({ method }) => method === 'POST')

async function killExit({ lab }: LabScene, exit: string): Promise<void> {
  await lab.control.kill(lab.proxyNames().find((name) => lab.proxy(name).exitIp === exit)!)
}

const allPages = ['Your account', ...Array.from({ length: 10 }, (_, n) => `Page ${n + 1}`)].sort()

describe('a crawl behind a login', () => {
  it('logs in once, by the form, and reads all pages through one exit with its cookies', async () => {
    await using site = await openLoginSite()
    await using scene = await openLabScene(exits(6))
    const crawl = scene.crawler.crawl(members(site))
    expect(await headings(crawl)).toEqual(allPages)
    expect(logins(site).map(({ body }) => body)).toEqual([
      expect.stringMatching(/^token=for\+guest-1&user=ann&password=right-horse&stay=yes&go=1$/),
    ])
    const asMember = site.visits.filter(({ cookies }) => cookies.member !== undefined)
    expect(new Set(asMember.map(({ exit }) => exit)).size).toBe(1)
    expect(await crawl.done).toMatchObject({ failed: 0, pages: 11 })
    await scene.end()
  })

  it('whose exit dies logs in again from another one, and reads the pages that waited', async () => {
    await using site = await openLoginSite()
    await using scene = await openLabScene(exits(6), { breaker: { base: 60_000 } })
    let killed = ''
    const crawl = scene.crawler.crawl(members(site))
    scene.crawler.on('item', async () => {
      if (killed !== '') return
      killed = site.visits.at(-1)!.exit
      await killExit(scene, killed)
    })
    expect(await headings(crawl)).toEqual(allPages)
    expect(logins(site).length).toBe(2)
    expect(logins(site)[1]!.exit).not.toBe(killed)
    expectOneExitPerLife(site.visits)
    await scene.end()
  })

  it('that is logged out on the way logs in again, and the page is asked for once more', async () => {
    await using site = await openLoginSite()
    await using scene = await openLabScene(exits(4))
    const crawl = scene.crawler.crawl(members(site))
    let items = 0
    scene.crawler.on('item', () => {
      if (++items === 4) site.forgetEverybody()
    })
    expect(await headings(crawl)).toEqual(allPages)
    expect(logins(site).length).toBe(2)
    expect(scene.log.proxyStates).toEqual([])
    await scene.end()
  })

  it('tells by its own rule that it is logged out, where the site answers 200', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer) => {
      if (
        path !== '/page/3' ||
        site.visits.some(({ path: each }, n) => each === path && n < site.visits.length - 1)
      )
        return false
      answer.writeHead(200, { 'content-type': 'text/html' })
      answer.end(
        '<html><title>Sorry</title><body><h1>Your visit has expired</h1><a href="/login">x</a></body></html>',
      )
      return true
    }
    await using scene = await openLabScene(exits(3))
    const isOver: SourceSessions['isOver'] = (page) => page.$('h1').text().includes('expired')
    expect(await headings(scene.crawler.crawl(members(site, { isOver })))).toEqual(allPages)
    expect(logins(site).length).toBe(2)
    await scene.end()
  })

  it('posts a wrong password once, and says why its pages are given up', async () => {
    await using site = await openLoginSite()
    await using scene = await openLabScene(exits(8))
    const crawl = scene.crawler.crawl(members(site, { password: 'wrong' }))
    expect(await headings(crawl)).toEqual([])
    const { deadLetters } = await crawl.done
    expect(deadLetters).toEqual([
      expect.objectContaining({ url: `${site.url}/account`, code: 'session-lost' }),
    ])
    expect(deadLetters[0]!.detail).toMatch(
      /session\.begin\(\) of source "members" failed at .*crawl\.test\.ts.*the site does not take the password/,
    )
    expect(logins(site)).toHaveLength(1)
    expect(scene.log.proxyStates).toEqual([])
    await scene.end()
  })

  it('takes a page that the account may not see as it comes, without a login for each', async () => {
    await using site = await openLoginSite({ pages: 40 })
    site.instead = ({ path }, answer) => {
      if (!/\/page\/\d*[13579]$/.test(path)) return false
      answer.writeHead(401, { 'content-type': 'text/plain' }).end('not for you')
      return true
    }
    await using scene = await openLabScene(exits(3))
    const crawl = scene.crawler.crawl(members(site))
    expect(await headings(crawl)).toHaveLength(21)
    const { deadLetters, failed } = await crawl.done
    expect(failed).toBe(20)
    expect(new Set(deadLetters.map(({ code }) => code))).toEqual(new Set(['status-401']))
    expect(logins(site).length).toBeLessThanOrEqual(5)
    await scene.end()
  })
})

describe('a session that nothing says how to begin', () => {
  it('is over with its exit: its pages end with SESSION_LOST, and none is asked for from elsewhere', async () => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer) => {
      const links = Array.from({ length: 20 }, (_, n) => `<a href="/page/${n}">${n}</a>`).join('')
      answer.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'member=1' })
      answer.end(`<html><title>x</title><body><h1>${path}</h1>${links}</body></html>`)
      return true
    }
    await using scene = await openLabScene(exits(6), { concurrency: 2 })
    const crawl = scene.crawler.crawl(members(site, { session: false }))
    let pages = 0
    scene.crawler.on('item', async () => {
      if (++pages === 5) await killExit(scene, site.visits[0]!.exit)
    })
    const found = await headings(crawl)
    expect(found.length).toBeLessThan(21)
    const { deadLetters } = await crawl.done
    expect(deadLetters).toHaveLength(21 - found.length)
    for (const { code, detail } of deadLetters) {
      expect(code).toBe('session-lost')
      expect(detail).toMatch(/SESSION_LOST.*give source "members" a member "session"/)
    }
    expect(new Set(site.visits.map(({ exit }) => exit)).size).toBe(1)
    expect(scene.log.proxyStates.filter(({ to }) => to === 'open').length).toBeLessThanOrEqual(2)
    await scene.end()
  })

  it('finds a living exit for its first request among dead ones', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      answer
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><title>x</title><h1>one</h1><a href="/">x</a></html>')
      return true
    }
    const dead = { name: 'dead', count: 8, fault: 'greeting-then-silent' as const }
    await using scene = await openLabScene(
      { origins: { spare: {} }, proxies: [{ name: 'exit', count: 1 }, dead] },
      { timeouts: { handshake: 100 } },
    )
    expect(await headings(scene.crawler.crawl(members(site, { session: false })))).toEqual(['one'])
    await scene.end()
  })
})

describe('context.fetch', () => {
  it('takes method, body and session: what seeds log in with, the pages are read with', async () => {
    await using site = await openLoginSite({ pages: 3 })
    await using scene = await openLabScene(exits(5))
    const source = defineSource({
      name: 'by-hand',
      params: z.object({}),
      item: z.object({ heading: z.string() }),
      async *seeds(_, context) {
        const login = await readForm(await context.fetch(`${site.url}/login`, { session: 'ann' }), '#login')
        const { url, ...request } = login.fill(account).request()
        const answer = await context.fetch(url, { ...request, session: 'ann' })
        if (answer.url.endsWith('/account')) yield { url: `${site.url}/account`, session: 'ann' }
      },
      *parse(page) {
        yield page.item({ heading: page.$('h1').text() })
        yield page.follow('a[href^="/page/"]', { session: 'ann' })
      },
    })
    expect(await headings(scene.crawler.crawl(source))).toEqual([
      'Page 1',
      'Page 2',
      'Page 3',
      'Your account',
    ])
    expect(logins(site)).toHaveLength(1)
    expectOneExitPerLife(site.visits)
    await scene.end()
  })

  it('sends a form object as multipart, and URLSearchParams as a form', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
      return true
    }
    await using scene = await openLabScene(exits(2))
    const data = new FormData()
    data.set('field', 'of a form')
    const source = defineSource({
      name: 'by-hand',
      params: z.object({}),
      item: z.object({}),
      async *seeds(_, context) {
        await context.fetch(`${site.url}/1`, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
        await context.fetch(`${site.url}/2`, { method: 'PUT', body: data, headers: { 'x-own': '1' } })
        yield `${site.url}/3`
      },
      *parse() {},
    })
    await scene.crawler.crawl(source).run()
    const [first, second] = site.visits.filter(({ path }) => path !== '/robots.txt')
    expect(first).toMatchObject({ method: 'POST', body: 'a=b+c' })
    expect(first!.contentType).toMatch(/^application\/x-www-form-urlencoded/)
    expect(second).toMatchObject({ method: 'PUT', body: expect.stringContaining('of a form') })
    expect(second!.contentType).toMatch(/^multipart\/form-data; boundary=/)
    await scene.end()
  })
})
