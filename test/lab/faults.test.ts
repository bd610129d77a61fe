import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import { ask, get, getByHttp, hear, socksClient, tunnel, until } from './client.ts'

const greeting = Buffer.of(5, 1, 0)
const connect = Buffer.concat([greeting, Buffer.of(5, 1, 0, 3, 8), Buffer.from('site.lab'), Buffer.of(0, 80)])
const granted = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]

describe('a proxy with a fault', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await startLab({
      origins: { site: { site: { pages: 20, pageBytes: 2_048 } } },
      proxies: [{ name: 'p' }, { name: 'h', protocol: 'http' }, { name: 'deaf', fault: 'syn-drop' }],
    })
  })
  afterAll(() => lab.close())

  const say = (words: Uint8Array) => hear(lab.proxy('p').host, lab.proxy('p').port, words, 150)
  const sayHttp = async (words = 'CONNECT site.lab:80 HTTP/1.1\r\n\r\n') =>
    String(await hear(lab.proxy('h').host, lab.proxy('h').port, words, 150))
  const become = (behaviour: Record<string, unknown>) =>
    Promise.all(
      ['p', 'h'].map((name) =>
        lab.control.set(name, { flaky: null, maxConnections: null, fault: null, ...behaviour }),
      ),
    )

  it('dead: refuses the connection, and comes back', async () => {
    await become({ fault: 'dead' })
    expect(await say(greeting)).toBe('refused')
    await become({})
    expect(await say(greeting)).toEqual(Buffer.of(5, 0))
  })

  it('syn-drop: never answers the dial', async () => {
    const { host, port } = lab.proxy('deaf')
    expect(await hear(host, port, greeting, 300)).toHaveLength(0)
    expect((await lab.books()).proxies.deaf!.dials).toBe(0)
  })

  it.each([
    ['blackhole', []],
    ['greeting-then-silent', [5, 0]],
    ['connect-then-silent', granted],
    ['truncated-reply', [5, 0, 5, 0, 0, 1, 0]],
    ['bad-auth', [5, 0xff]],
    ['ruleset-denied', [5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0]],
    ['quota', [5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0]],
    ['split-replies', granted],
    [{ kind: 'refuse', code: 6 }, [5, 0, 5, 6, 0, 1, 0, 0, 0, 0, 0, 0]],
  ])('%o: is heard on a SOCKS connection', async (fault, heard) => {
    await become({ fault })
    expect([...(await say(connect))]).toEqual(heard)
  })

  it.each([
    ['bad-auth', 407],
    ['quota', 402],
    ['busy', 429],
    ['ruleset-denied', 403],
    ['fake-connect', 403],
    [{ kind: 'refuse', status: 504 }, 504],
  ])('%o: is answered by an HTTP proxy with %i', async (fault, status) => {
    await become({ fault })
    expect(await sayHttp()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })

  it('wrong-protocol: answers in another one', async () => {
    await become({ fault: 'wrong-protocol' })
    expect(String(await say(greeting))).toMatch(/^HTTP\/1\.1 400/)
    expect(await sayHttp()).toHaveLength(2)
  })

  it('chatty-connect: speaks before the client did', async () => {
    await become({ fault: 'chatty-connect' })
    expect(await sayHttp()).toMatch(/established\r\n\r\n<html>/)
  })

  it('reset-mid-body and truncate: the body never arrives whole', async () => {
    for (const fault of ['reset-mid-body', 'truncate']) {
      await become({ fault })
      await expect(get(lab, 'p', '/bytes/2048')).rejects.toThrow()
      await expect(getByHttp(lab, 'h', '/bytes/2048', 'forward')).rejects.toThrow()
    }
    const socket = await tunnel(lab, 'p', 'site.lab', 80)
    socket.write('GET /bytes/1000 HTTP/1.1\r\n\r\n')
    const response = Buffer.concat(await socket.toArray()).toString()
    expect(response.length - response.indexOf('\r\n\r\n') - 4).toBe(990)
  })

  it('trickle: the head at once, then a byte a second', async () => {
    await become({ fault: 'trickle' })
    const client = socksClient(lab, 'p', 'site', 10_000)
    const { body } = await client.request({ path: '/bytes/100', method: 'GET' })
    const start = performance.now()
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes >= 2) break
    }
    expect(performance.now() - start).toBeGreaterThan(900)
    expect(bytes).toBe(2)
    await client.destroy().catch(() => {})
  })

  it.each(['ads', 'replace', 'portal', 'top-up', 'captcha'])(
    'inject (%s): the page is not the origin’s',
    async (style) => {
      await become({})
      const honest = await get(lab, 'p', '/page/3')
      await become({ fault: { kind: 'inject', style } })
      for (const seen of [await get(lab, 'p', '/page/3'), await getByHttp(lab, 'h', '/page/3', 'forward')]) {
        expect(seen.status).toBe(200)
        expect(seen.text).not.toBe(honest.text)
        expect(seen.text.includes('class="nonce"')).toBe(style === 'ads')
      }
    },
  )

  it('swap: answers with the page before', async () => {
    await become({ fault: 'swap' })
    const pages: string[] = []
    for (const path of ['/page/1', '/page/2', '/page/3']) pages.push((await get(lab, 'p', path)).text)
    expect(pages.map((page) => /<h1>Page (\d+)/.exec(page)?.[1])).toEqual(['1', '1', '2'])
  })

  it('flaky: fails about the promised share of requests and tunnels', async () => {
    await become({ flaky: { request: 0.5, failures: ['reset', 'mid-body'] } })
    let failures = 0
    const client = socksClient(lab, 'p')
    for (let i = 0; i < 100; i++) await ask(client, '/bytes/100').catch(() => failures++)
    await client.destroy()
    expect(failures).toBeGreaterThan(30)
    expect(failures).toBeLessThan(70)
    await become({ flaky: { tunnel: 1, failures: ['general-failure'] } })
    expect([...(await say(connect))].slice(2, 4)).toEqual([5, 1])
    await become({ flaky: { tunnel: 1, failures: ['reset'] } })
    expect(await say(connect)).toBe('reset')
  })

  it('flapping: is away and comes back', async () => {
    await become({ flapping: { upMs: 60, downMs: 60 } })
    await until(async () => (await say(greeting)) === 'refused')
    await until(async () => (await say(greeting)) !== 'refused')
    await become({ flapping: null })
  })

  it('max connections: one more is reset', async () => {
    await become({ maxConnections: 1 })
    const first = await tunnel(lab, 'p', 'site.lab', 80)
    expect(await say(greeting)).toBe('reset')
    first.destroy()
    await until(async () => (await say(greeting)) !== 'reset')
  })

  it('slow handshake: each answer takes its time', async () => {
    await become({ handshakeLatency: 80 })
    const start = performance.now()
    await get(lab, 'p', '/empty')
    expect(performance.now() - start).toBeGreaterThanOrEqual(158)
    await become({ handshakeLatency: null })
  })
})
