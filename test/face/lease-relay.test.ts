import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import type { OwnLease } from '../../src/contracts/own-lease.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { openLabScene } from '../faults/lab-scene.ts'

const account = { username: 'ann', password: 'p@ss:word' }
const world = (proxy: object = {}): Scenario => ({
  origins: { site: {}, safe: { tls: true } },
  proxies: [{ name: 'exit', count: 2, auth: account, ...proxy }],
})

/** As a browser asks a proxy for plain HTTP: with the whole URL, and no password. */
function askPlainly(relay: string, url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(relay)
    const asked = request(
      { host: hostname, port, path: url, headers: { host: new URL(url).host } },
      async (answer) => resolve({ status: answer.statusCode!, body: await text(answer) }),
    )
    asked.on('error', reject)
    asked.end()
  })
}

/** As it asks for a tunnel. */
function openTunnel(
  relay: string,
  authority: string,
): Promise<{ status: number; socket: Socket; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(relay)
    const asked = request({ host: hostname, port, method: 'CONNECT', path: authority })
    asked.on('connect', (answer, socket, head) =>
      resolve({ status: answer.statusCode!, socket: socket as Socket, body: String(head) }),
    )
    asked.on('error', reject)
    asked.end()
  })
}

async function isOpen(relay: string): Promise<boolean> {
  const { hostname, port } = new URL(relay)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

describe.each(['http', 'https', 'socks5', 'socks4a'] as const)('the relay of a lease over %s', (protocol) => {
  it('needs no password, and carries plain HTTP and TLS over the exit of the lease', async () => {
    const auth = protocol === 'socks4a' ? undefined : account
    await using scene = await openLabScene(world({ protocol, auth }))
    const { lab, crawler } = scene
    const lease = await crawler.lease('http://site.lab/')
    const relay = await lease.relay()
    expect(relay).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const exit = lab
      .proxyNames()
      .map((name) => lab.proxy(name))
      .find(({ host, port }) => lease.proxy.includes(`${host}:${port}`))!
    const plain = await askPlainly(relay, 'http://site.lab/echo')
    expect(JSON.parse(plain.body)).toMatchObject({ exitIp: exit.exitIp })
    expect(plain.body).not.toContain('proxy-authorization')

    const { status, socket } = await openTunnel(relay, 'safe.lab:443')
    expect(status).toBe(200)
    const secure = connectTls({ socket, servername: 'safe.lab', ca: lab.ca })
    const asked = request({ createConnection: () => secure, host: 'safe.lab', path: '/echo' }).end()
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      asked.once('response', resolve).once('error', reject),
    )
    expect(JSON.parse(await text(answer))).toMatchObject({ exitIp: exit.exitIp })
    secure.destroy()
    lease.succeed()
    await scene.end()
  })
})

describe('a relay', () => {
  it.each<[what: string, end: (lease: OwnLease, stop: () => Promise<void>) => unknown]>([
    ['its outcome', (lease) => lease.succeed()],
    ['its disposal', (lease) => lease[Symbol.asyncDispose]()],
    ['the end of the crawler', (_, stop) => stop()],
  ])('is closed, with what is under way, by %s', async (_, end) => {
    await using scene = await openLabScene(world())
    const lease = await scene.crawler.lease('http://site.lab/')
    const relay = await lease.relay()
    const { socket } = await openTunnel(relay, 'safe.lab:443')
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => {}))
    await end(lease, () => scene.crawler.stop())
    await closed
    await vi.waitFor(async () => expect(await isOpen(relay)).toBe(false))
    await expect(lease.relay()).rejects.toMatchObject({ code: 'LEASE_ENDED' })
    await scene.end()
  })

  it('is closed when its lease is forgotten and expires', async () => {
    await using scene = await openLabScene(world())
    const lease = await scene.crawler.lease('http://site.lab/', { expiresMs: 50 })
    const relay = await lease.relay().catch(() => undefined)
    await vi.waitFor(() => expect(lease.outcome).toMatchObject({ kind: 'neutral', reason: 'expired' }))
    if (relay) await vi.waitFor(async () => expect(await isOpen(relay)).toBe(false))
    expect(scene.crawler.reputation().every(({ failure }) => failure === 0)).toBe(true)
    await scene.end()
  })

  it('is one for all calls, and gone with a lease that ends while it opens', async () => {
    await using scene = await openLabScene(world())
    const lease = await scene.crawler.lease('http://site.lab/')
    const [one, two] = await Promise.all([lease.relay(), lease.relay()])
    expect(one).toBe(two)
    const other = await scene.crawler.lease('http://site.lab/')
    const opening = other.relay()
    other.fail('neutral')
    await expect(opening).rejects.toMatchObject({ code: 'LEASE_ENDED' })
    lease.succeed()
    await scene.end()
  })

  it('gives nothing to a page that calls its port, and nothing of the local network', async () => {
    await using scene = await openLabScene(world())
    const lease = await scene.crawler.lease('http://site.lab/')
    const relay = await lease.relay()
    const asPage = await fetch(`${relay}/`)
    expect(asPage.status).toBe(400)
    await asPage.text()
    for (const inside of [
      'http://127.0.0.1:1/',
      'http://169.254.169.254/latest/',
      'http://[::1]/',
      'http://localhost/',
    ])
      expect((await askPlainly(relay, inside)).status, inside).toBe(403)
    const tunnel = await openTunnel(relay, '169.254.169.254:80')
    expect(tunnel.status).toBe(403)
    tunnel.socket.destroy()
    for (const wrong of ['ftp://site.lab/', 'http://ann:secret@site.lab/', 'http:///'])
      expect((await askPlainly(relay, wrong).catch(() => ({ status: 400 }))).status, wrong).toBe(400)
    lease.succeed()
    await scene.end()
  })

  it('has no page of its own for a proxy that refuses the password, and never asks the browser for one', async () => {
    await using scene = await openLabScene(world(), (lab) => ({
      proxies: lab.proxies.map((each) => each.replace('word@', 'words@')),
    }))
    const lease = await scene.crawler.lease('http://site.lab/')
    const relay = await lease.relay()
    // A page that says so would pass for one of the site.
    await expect(askPlainly(relay, 'http://site.lab/')).rejects.toThrow(/socket hang up|ECONNRESET/)
    const tunnel = await openTunnel(relay, 'safe.lab:443')
    expect(tunnel.status).toBe(502)
    tunnel.socket.destroy()
    lease.fail('dead')
    await scene.end()
  })
})

describe('what goes through a relay', () => {
  it.each([
    ['HTTP/1.0 without a host', 'HTTP/1.0\r\nx-own: 1\r\n'],
    ['a host of its own', 'HTTP/1.1\r\nhost: other.lab\r\nx-own: 1\r\n'],
    [
      'headers for the proxy alone',
      'HTTP/1.1\r\nhost: site.lab\r\nx-own: 1\r\nconnection: close, x-hop\r\nx-hop: 1\r\n',
    ],
  ])('with %s reaches the site of its URL, with what is meant for that', async (_, rest) => {
    for (const protocol of ['http', 'socks5'] as const) {
      await using scene = await openLabScene(world({ protocol }))
      const lease = await scene.crawler.lease('http://site.lab/')
      const { hostname, port } = new URL(await lease.relay())
      const socket = connect(Number(port), hostname)
      let answer = ''
      socket
        .on('error', () => {})
        .on('data', (chunk: Buffer) => {
          answer += chunk
        })
      socket.write(`GET http://site.lab/echo ${rest}\r\n`)
      await vi.waitFor(() => expect(answer).toContain('x-own'))
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      expect(answer).toContain('site.lab')
      expect(answer).not.toMatch(/other\.lab|x-hop/)
      socket.destroy()
      lease.succeed()
      await scene.end()
    }
  })

  it.each(['http', 'https', 'socks5'] as const)('over %s is in the ledger, to the byte', async (protocol) => {
    await using scene = await openLabScene(world({ protocol, count: 1 }))
    const { lab, crawler } = scene
    const lease = await crawler.lease('http://site.lab/')
    const relay = await lease.relay()
    await askPlainly(relay, 'http://site.lab/bytes/30000')
    const { socket } = await openTunnel(relay, 'site.lab:80')
    let received = 0
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    socket.write('GET /bytes/50000 HTTP/1.1\r\nhost: site.lab\r\n\r\n')
    await vi.waitFor(() => expect(received).toBeGreaterThan(50_000))
    socket.destroy()
    // One that is still open when the lease ends counts, too.
    const open = await openTunnel(relay, 'site.lab:80')
    open.socket.on('error', () => {})
    lease.succeed()
    await vi.waitFor(() => expect(crawler.spending().total.requests).toBe(3))
    const { total, hosts } = crawler.spending()
    expect(total.sent + total.received).toBeGreaterThan(80_000)
    await vi.waitFor(async () => {
      const exit = (await lab.books()).proxies.exit!
      const missing = Math.abs(exit.sent + exit.received - total.sent - total.received)
      // With TLS each side says that it ends, and the other may be gone by then.
      expect(missing).toBeLessThanOrEqual(protocol === 'https' ? 3 * 2 * 24 : 0)
    })
    expect(Object.keys(hosts)).toEqual(['site.lab'])
    await scene.end()
  })

  it('counts for a cap on bytes, and is no measure of what a request takes', async () => {
    await using scene = await openLabScene(world(), { maxBytes: 200_000 })
    const { crawler } = scene
    const lease = await crawler.lease('http://site.lab/')
    await askPlainly(await lease.relay(), 'http://site.lab/bytes/120000')
    lease.succeed()
    await vi.waitFor(() => expect(crawler.spending().total.received).toBeGreaterThan(120_000))
    expect((await crawler.fetch('http://site.lab/bytes/10')).status).toBe(200)
    const other = await crawler.lease('http://site.lab/')
    await askPlainly(await other.relay(), 'http://site.lab/bytes/120000')
    other.succeed()
    await vi.waitFor(() => expect(crawler.spending().reached).toBe('bytes'))
    await expect(crawler.fetch('http://site.lab/bytes/10')).rejects.toMatchObject({ code: 'CAP_REACHED' })
    await scene.end()
  })
})

describe.each(['socks5', 'socks4a'] as const)('with remoteDns off, over %s', (protocol) => {
  it('the relay and the agent of a lease tell the proxy an address, and by default the name', async () => {
    for (const remoteDns of [false, true]) {
      await using lab = await startLab({ origins: { shop: {} }, proxies: [{ name: 'exit', protocol }] })
      const { port } = lab.origins.shop!
      const site = `http://localhost:${port}`
      await using crawler = await createCrawler({
        proxies: [...lab.proxies],
        remoteDns,
        allowPrivateTargets: true,
        politeness: false,
      })
      const lease = await crawler.lease(site)
      const targets = async () => Object.entries((await lab.books()).proxies.exit!.targets)
      await askPlainly(await lease.relay(), `${site}/bytes/10`).catch(() => {})
      const asked = request(`${site}/bytes/10`, { agent: lease.agent! }).end()
      await new Promise<void>((resolve) => {
        asked.once('error', () => resolve())
        asked.once('response', (answer) => answer.resume().once('close', resolve))
      })
      expect(await targets()).toEqual([[`${remoteDns ? 'localhost' : '127.0.0.1'}:${port}`, 2]])
      lease.succeed()
    }
  })
})
