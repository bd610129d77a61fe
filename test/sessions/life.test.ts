import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../src/lab/scenario.ts'
import { type LabScene, openLabScene } from '../faults/lab-scene.ts'
import { type LoginSite, openLoginSite } from './login-site.ts'

const exits = (count: number): Scenario => ({ origins: { spare: {} }, proxies: [{ name: 'exit', count }] })

function exitsOf(site: LoginSite): Set<string> {
  return new Set(site.visits.map(({ exit }) => exit))
}

function nameAt({ lab }: LabScene, address: string): string {
  return lab.proxyNames().find((name) => lab.proxy(name).exitIp === address)!
}

function page(answer: import('node:http').ServerResponse, text = 'a page'): true {
  answer.writeHead(200, { 'content-type': 'text/html' })
  answer.end(`<html><title>T</title><body><h1>${text}</h1><a href="/">home</a></body></html>`)
  return true
}

describe('a session leaves through one exit', () => {
  it('also when ten requests begin it at once', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => page(answer)
    await using scene = await openLabScene(exits(8))
    const all = Array.from({ length: 10 }, (_, n) =>
      scene.crawler.fetch(`${site.url}/${n}`, { session: 'a' }),
    )
    await Promise.all(all)
    expect(site.visits).toHaveLength(10)
    expect(exitsOf(site).size).toBe(1)
    await scene.end()
  })

  it('and its first request finds a living one among dead ones, without being lost', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => page(answer)
    await using scene = await openLabScene({
      origins: { spare: {} },
      proxies: [
        { name: 'exit', count: 2 },
        { name: 'dead', count: 6, fault: 'dead' },
      ],
    })
    for (let n = 0; n < 8; n++) {
      const both = ['/x', '/y'].map((path) =>
        scene.crawler.fetch(`${site.url}/${n}${path}`, { session: `s${n}` }),
      )
      await Promise.all(both)
    }
    for (let n = 0; n < 8; n++) {
      const own = site.visits.filter(({ path }) => path.startsWith(`/${n}/`))
      expect(new Set(own.map(({ exit }) => exit)).size, `session s${n}`).toBe(1)
    }
    await scene.end()
  })

  it('is told SESSION_LOST when others have shut its exit out, and stays lost within its life', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => page(answer)
    await using scene = await openLabScene(exits(4))
    const codes: string[] = []
    const lives: string[] = []
    await scene.crawler.session(async (session) => {
      await session.fetch(`${site.url}/first`)
      const { exit } = site.visits.at(-1)!
      lives.push(exit)
      if (session.tryNumber > 1) return
      const { host, port } = scene.lab.proxy(nameAt(scene, exit))
      const { id } = scene.crawler.proxies().find((each) => each.id.includes(`${host}:${port}`))!
      scene.crawler.isolate(id)
      for (let n = 0; n < 3; n++) {
        await session.fetch(`${site.url}/second`).catch(({ code }: { code: string }) => codes.push(code))
      }
      session.restart('its exit is gone')
    })
    expect(codes).toEqual(['SESSION_LOST', 'SESSION_LOST', 'SESSION_LOST'])
    expect(site.visits.map(({ path }) => path)).toEqual(['/first', '/first'])
    expect(new Set(lives).size).toBe(2)
    await scene.end()
  })

  it('and does not begin again by a request that comes after its end', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => page(answer)
    await using scene = await openLabScene(exits(4))
    const late = await scene.crawler.session(async (session) => {
      await session.fetch(`${site.url}/1`)
      return () => session.fetch(`${site.url}/2`)
    })
    await expect(late()).rejects.toMatchObject({
      code: 'SESSION_LOST',
      message: expect.stringContaining('it has ended'),
    })
    expect(site.visits.map(({ path }) => path)).toEqual(['/1'])
    await scene.end()
  })

  it('by name: after one request was told of the loss, the next begins a new life with an empty jar', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      answer.setHeader('set-cookie', 'life=one')
      return page(answer)
    }
    await using scene = await openLabScene(exits(4))
    const visit = (path: string) => scene.crawler.fetch(`${site.url}${path}`, { session: 'basket' })
    await visit('/1')
    await visit('/2')
    await scene.lab.control.kill(nameAt(scene, site.visits[0]!.exit))
    await expect(visit('/3')).rejects.toMatchObject({ code: 'SESSION_LOST' })
    await visit('/4')
    expect(site.visits.map(({ path, cookies }) => [path, cookies.life])).toEqual([
      ['/1', undefined],
      ['/2', 'one'],
      ['/4', undefined],
    ])
    expect(site.visits[2]!.exit).not.toBe(site.visits[0]!.exit)
    await scene.end()
  })

  it('and one reset is tried again there, before anybody has to log in again', async () => {
    await using site = await openLoginSite()
    let resets = 0
    site.instead = ({ path }, answer, request) => {
      if (path !== '/2' || resets++ > 0) return page(answer)
      request.socket.destroy()
      return true
    }
    await using scene = await openLabScene(exits(4))
    for (const path of ['/1', '/2', '/3']) await scene.crawler.fetch(site.url + path, { session: 'a' })
    expect(site.visits.map(({ path }) => path)).toEqual(['/1', '/2', '/2', '/3'])
    expect(exitsOf(site).size).toBe(1)
    await scene.end()
  })
})

describe('who is not logged in', () => {
  it.each([
    ['a 401', 401, {}],
    ['a redirect to the login', 302, { location: '/login' }],
  ] as const)('%s reaches the caller at once, and no exit is blamed', async (_, status, headers) => {
    await using site = await openLoginSite()
    site.instead = ({ path }, answer) => {
      if (path === '/login') return page(answer, 'Please log in')
      answer.writeHead(status, headers).end()
      return true
    }
    await using scene = await openLabScene(exits(3))
    for (let n = 0; n < 6; n++) {
      const answer = await scene.crawler.fetch(`${site.url}/basket/${n}`, { session: 'a' })
      expect([answer.status, new URL(answer.url).pathname]).toEqual(
        status === 401 ? [401, `/basket/${n}`] : [200, '/login'],
      )
    }
    expect(scene.log.outcomes).toHaveLength(status === 401 ? 6 : 12)
    expect(exitsOf(site).size).toBe(1)
    expect(scene.log.proxyStates).toEqual([])
    expect(scene.crawler.reputation().map(({ failure }) => failure)).toEqual([0, 0, 0, 0])
    await scene.end()
  })
})

describe('a password that is not taken', () => {
  it.each([
    ['a 401', 401, {}],
    ['a 403', 403, {}],
    ['a redirect back to the login', 302, { location: '/sign-in?wrong' }],
    ['a page of a firewall', 403, { server: 'cloudflare', 'cf-mitigated': 'challenge' }],
  ] as const)(
    'is posted once, its answer (%s) reaches the caller, and no exit is blamed',
    async (_, status, headers) => {
      await using site = await openLoginSite()
      site.instead = ({ method }, answer) => {
        if (method === 'GET') return page(answer, 'Sign in')
        answer.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<title>No</title>No.')
        return true
      }
      await using scene = await openLabScene(exits(8))
      const answer = await scene.crawler.session((session) =>
        session.fetch(`${site.url}/enter`, {
          method: 'POST',
          body: new URLSearchParams({ user: 'ann', password: 'wrong' }),
        }),
      )
      expect(answer.status).toBe(status === 302 ? 200 : status)
      expect(site.visits.filter(({ method }) => method === 'POST')).toHaveLength(1)
      expect(scene.crawler.reputation().every(({ failure }) => failure === 0)).toBe(true)
      await scene.end()
    },
  )
})

describe('what may have arrived is not sent again', () => {
  it('also when only the redirect behind it cannot be followed', async () => {
    await using site = await openLoginSite()
    site.instead = (_, answer) => {
      // Nobody listens there.
      answer.writeHead(302, { location: 'http://127.0.0.1:1/welcome' }).end()
      return true
    }
    await using scene = await openLabScene(exits(8))
    for (const session of [undefined, 'a']) {
      site.visits.length = 0
      const init = { method: 'POST', body: 'user=ann&password=wrong', ...(session && { session }) }
      await expect(scene.crawler.fetch(`${site.url}/login`, init)).rejects.toMatchObject({
        code: 'TASK_FAILED',
        // The page behind it may be asked for over other exits; in a session there is one alone.
        value: { reason: session === undefined ? 'host-unreachable' : 'not-repeatable' },
      })
      expect(site.visits).toHaveLength(1)
    }
    await scene.end()
  })
})
