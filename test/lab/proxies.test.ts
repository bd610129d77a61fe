import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Lab } from '../../src/lab/contract.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { ask, get, getByHttp, getDirect, hear, socksClient, tunnel } from './client.ts'

async function start(proxies: NonNullable<Scenario['proxies']>, site = {}): Promise<Lab> {
  const lab = await startLab({ origins: { site }, proxies })
  onTestFinished(() => lab.close())
  return lab
}

describe('a lab proxy', () => {
  it('leaves from its own address, and shares it only on demand', async () => {
    const lab = await start([
      { name: 'a' },
      { name: 'b' },
      { name: 'c', egress: 'gate' },
      { name: 'd', egress: 'gate' },
    ])
    const exits = await Promise.all(
      ['a', 'b', 'c', 'd'].map(
        async (name) => JSON.parse((await get(lab, name, '/echo')).text).exitIp as string,
      ),
    )
    expect(exits).toEqual(['a', 'b', 'c', 'd'].map((name) => lab.proxy(name).exitIp))
    expect(new Set(exits).size).toBe(3)
    expect(JSON.parse((await getDirect(lab, '/echo')).text).exitIp).toBe('127.0.0.1')
  })

  it('of a block has an address of its own beside those of its block', async () => {
    const lab = await start([
      { name: 'a', count: 3, block: 'north' },
      { name: 'b', block: 'south' },
      { name: 'c' },
    ])
    const exits = lab.proxyNames().map((name) => lab.proxy(name).exitIp)
    const networks = exits.map((ip) => ip.replace(/\.\d+$/, ''))
    expect(new Set(exits).size).toBe(5)
    expect(new Set(networks.slice(0, 3)).size).toBe(1)
    expect(new Set(networks).size).toBe(3)
  })

  it.each(['socks5', 'socks4a'] as const)('speaks %s and resolves the names itself', async (protocol) => {
    const lab = await start([{ name: 'p', protocol }])
    expect((await get(lab, 'p', '/bytes/2048')).bytes).toHaveLength(2_048)
    const { p } = (await lab.books()).proxies
    expect(p).toMatchObject({ dials: 1, tunnels: 1, requests: 1, targets: { 'site.lab:80': 1 } })
    expect(p!.clients).toEqual({ '127.0.0.1': 1 })
  })

  it('speaks plain SOCKS4 to addresses, and refuses names there', async () => {
    const lab = await start([{ name: 'p', protocol: 'socks4' }])
    const socket = await tunnel(lab, 'p', '127.0.0.1', lab.origins.site!.port)
    expect(socket.remotePort).toBe(lab.proxy('p').port)
    socket.destroy()
    await expect(tunnel(lab, 'p', 'site.lab', 80)).rejects.toThrow()
  })

  it('answers host unreachable for a name nobody has, and refused for a port where nothing listens', async () => {
    const lab = await start([{ name: 'p' }, { name: 'h', protocol: 'http' }])
    const { host, port } = lab.proxy('p')
    const unknown = Buffer.concat([
      Buffer.of(5, 1, 0, 5, 1, 0, 3, 8),
      Buffer.from('nowhere.'),
      Buffer.of(0, 80),
    ])
    expect((await hear(host, port, unknown)).slice(2, 4)).toEqual(Buffer.of(5, 4))
    const closed = Buffer.of(5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 1)
    expect((await hear(host, port, closed)).slice(2, 4)).toEqual(Buffer.of(5, 5))
    const http = lab.proxy('h')
    const heard = await hear(http.host, http.port, 'CONNECT nowhere.lab:80 HTTP/1.1\r\n\r\n')
    expect(heard.toString()).toMatch(/^HTTP\/1\.1 502 .*proxy-status: lab; error=dns_error/s)
  })

  it.each(['forward', 'connect'] as const)('speaks HTTP (%s) and wants its password', async (how) => {
    const lab = await start([{ name: 'p', protocol: 'http', auth: { username: 'crew', password: 'a:b' } }])
    expect((await getByHttp(lab, 'p', '/bytes/100', how)).bytes).toHaveLength(100)
    const { host, port } = lab.proxy('p')
    const wrong = `GET http://site.lab/ HTTP/1.1\r\nproxy-authorization: Basic ${btoa('crew:no')}\r\n\r\n`
    expect((await hear(host, port, wrong)).toString()).toMatch(/^HTTP\/1\.1 407 /)
    expect((await lab.books()).proxies.p).toMatchObject({ authFailures: 1, tunnels: 1 })
  })

  it('forwards the requests of one connection, with their bodies, to several origins', async () => {
    const lab = await startLab({
      origins: { site: {}, other: {} },
      proxies: [{ name: 'p', protocol: 'http' }],
    })
    onTestFinished(() => lab.close())
    const { host, port } = lab.proxy('p')
    const socket = connect({ host, port })
    for (const [name, body] of [
      ['site', 'abc'],
      ['other', 'de'],
      ['site', 'f'],
    ] as const) {
      const length = `content-length: ${body.length}`
      socket.write(`POST http://${name}.lab/echo HTTP/1.1\r\nhost: ${name}.lab\r\n${length}\r\n\r\n${body}`)
      const [answer] = await once(socket, 'data')
      expect(JSON.parse(String(answer).split('\r\n\r\n')[1]!)).toMatchObject({
        body,
        headers: { host: `${name}.lab` },
      })
    }
    socket.destroy()
    const books = await lab.books()
    expect([books.origins.site!.requests, books.origins.other!.requests]).toEqual([2, 1])
    expect(books.proxies.p).toMatchObject({ dials: 1, requests: 3 })
  })

  it('tells the client address to the origin only when it is transparent', async () => {
    const lab = await start([
      { name: 'elite', protocol: 'http' },
      { name: 'anonymous', protocol: 'http', anonymity: 'anonymous' },
      { name: 'transparent', protocol: 'http', anonymity: 'transparent' },
    ])
    const heads = await Promise.all(
      ['elite', 'anonymous', 'transparent'].map(
        async (name) => JSON.parse((await getByHttp(lab, name, '/echo', 'forward')).text).headers,
      ),
    )
    expect(heads.map((head) => [head.via, head['x-forwarded-for']])).toEqual([
      [undefined, undefined],
      ['1.1 lab', undefined],
      ['1.1 lab', '127.0.0.1'],
    ])
  })

  it('wants username and password by RFC 1929', async () => {
    const lab = await start([{ name: 'p', auth: { username: 'crew', password: 'ahoy' } }])
    expect((await get(lab, 'p', '/empty')).status).toBe(200)
    const { host, port } = lab.proxy('p')
    expect(await hear(host, port, Buffer.of(5, 1, 0))).toEqual(Buffer.of(5, 0xff))
    const wrong = Buffer.concat([Buffer.of(5, 1, 2, 1, 1), Buffer.from('x'), Buffer.of(1), Buffer.from('y')])
    expect(await hear(host, port, wrong)).toEqual(Buffer.of(5, 2, 1, 1))
    expect((await lab.books()).proxies.p!.authFailures).toBe(2)
  })

  it('adds its latency to each request of a kept-alive connection', async () => {
    const lab = await start([{ name: 'p', latency: 60 }])
    const client = socksClient(lab, 'p')
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      await ask(client, '/bytes/10')
      if (i > 0) expect(performance.now() - start).toBeGreaterThanOrEqual(58)
    }
    await client.destroy()
    const { rows } = (await lab.books()).origins.site!
    expect(rows.map((row) => row.connection)).toEqual([1, 1, 1])
  })

  it('has the same luck again with the same seed', async () => {
    const latency = { kind: 'lognormal' as const, medianMs: 30, sigma: 0.8 }
    const measure = async () => {
      const lab = await start([{ name: 'p', flaky: { request: 0.5 }, latency }])
      const fates: boolean[] = []
      for (let i = 0; i < 8; i++)
        fates.push(
          await get(lab, 'p', '/empty').then(
            () => true,
            () => false,
          ),
        )
      return fates
    }
    const first = await measure()
    expect(await measure()).toEqual(first)
    expect(new Set(first).size).toBe(2)
  })

  it('keeps to its bandwidth', async () => {
    const lab = await start([{ name: 'p', bandwidth: 100_000 }])
    const start_ = performance.now()
    await get(lab, 'p', '/bytes/30000')
    expect(performance.now() - start_).toBeGreaterThanOrEqual(230)
  })

  it('carries a large body whole, both ways', async () => {
    const lab = await start([{ name: 'p' }])
    const body = 'x'.repeat(3_000_000)
    const echoed = await get(lab, 'p', '/echo', { method: 'POST', body })
    expect(JSON.parse(echoed.text).body).toHaveLength(body.length)
    expect((await get(lab, 'p', '/bytes/5000000')).bytes).toHaveLength(5_000_000)
  })
})
