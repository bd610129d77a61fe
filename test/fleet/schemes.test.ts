import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createCrawler } from '../../src/index.ts'
import type { Books } from '../../src/lab/books.ts'
import { startLab } from '../../src/lab/index.ts'
import { probeScheme } from '../../src/transport/probe-scheme.ts'

async function listen(serve: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const probe = (port: number, timeoutMs = 1_000) =>
  probeScheme(
    { host: '127.0.0.1', port },
    { clock: systemClock, timeoutMs, signal: new AbortController().signal },
  )

/** Answers the first bytes that begin as expected, and is silent to others as line readers are, or hangs up. */
const answering =
  (begins: number, answer: string | Uint8Array, other: 'silent' | 'hang up') => (socket: Socket) =>
    socket.once('data', (bytes) => {
      if (bytes[0] === begins) socket.write(answer)
      else if (other === 'hang up') socket.destroy()
    })

test.each<[string, (socket: Socket) => void, string | undefined]>([
  ['SOCKS5', answering(5, Uint8Array.of(5, 0), 'hang up'), 'socks5h'],
  ['SOCKS5 that wants a login we may have', answering(5, Uint8Array.of(5, 2), 'silent'), 'socks5h'],
  ['SOCKS5 that refuses both ways to log in', answering(5, Uint8Array.of(5, 0xff), 'hang up'), 'socks5h'],
  ['HTTP', answering(0x4f, 'HTTP/1.1 400 Bad Request\r\n\r\n', 'hang up'), 'http'],
  [
    'HTTP that waits for the end of a line for ever',
    answering(0x4f, 'HTTP/1.0 405 No\r\n\r\n', 'silent'),
    'http',
  ],
  ['SOCKS4', answering(4, Uint8Array.of(0, 0x5b, 0, 0, 0, 0, 0, 0), 'hang up'), 'socks4a'],
  ['TLS', (socket) => socket.once('data', () => socket.end(Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70))), 'https'],
  ['mail', (socket) => void socket.write('220 mail.example ESMTP\r\n'), undefined],
  ['nothing', () => {}, undefined],
])('a proxy without a scheme is asked: %s', async (_, serve, expected) => {
  await using server = await listen(serve)
  expect(await probe(server.port, expected ? 5_000 : 300)).toBe(expected)
})

test('a port that is closed costs no wait', async () => {
  const server = await listen(() => {})
  await server[Symbol.asyncDispose]()
  const began = performance.now()
  expect(await probe(server.port, 5_000)).toBeUndefined()
  expect(performance.now() - began).toBeLessThan(1_000)
})

const world = {
  origins: { site: {} },
  proxies: [
    { name: 'socks', count: 4, protocol: 'socks5' },
    { name: 'web', count: 4, protocol: 'http' },
    { name: 'old', count: 1, protocol: 'socks4a' },
  ],
} satisfies Parameters<typeof startLab>[0]
const bare = (url: string) => url.replace(/^\w+:\/\//, '')

test('a bare list of SOCKS and HTTP proxies is used as what each of them is, and remembered by the state', async () => {
  await using lab = await startLab({ ...world, seed: 5 })
  const folder = await mkdtemp(join(tmpdir(), 'regatta-schemes-'))
  try {
    const list = join(folder, 'bare.txt')
    await writeFile(list, lab.proxies.map(bare).join('\n'))
    const url = `${lab.origins.site!.url}/bytes/100`
    const open = () =>
      createCrawler({
        proxies: list,
        politeness: false,
        hedge: false,
        strategy: 'round-robin',
        state: join(folder, 'state'),
      })
    const schemes = new Set<string>()
    {
      await using crawler = await open()
      await vi.waitFor(() => expect(crawler.proxies()).toHaveLength(9), 10_000)
      await Promise.all(
        Array.from({ length: 60 }, () => crawler.fetch(url).then((page) => page.arrayBuffer())),
      )
      for (const { id, attempts } of crawler.proxies()) if (attempts > 0) schemes.add(id.split(':', 1)[0]!)
    }
    expect(schemes).toEqual(new Set(['socks5h', 'http', 'socks4a']))
    const before = await lab.books()
    {
      await using crawler = await open()
      expect(crawler.proxies()).toHaveLength(9)
    }
    const after = await lab.books()
    expect(dials(after)).toBe(dials(before))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

function dials(books: Books): number {
  return Object.values(books.proxies).reduce((sum, { dials: made }) => sum + made, 0)
}

test('proxyScheme says what bare entries are, and nobody is asked', async () => {
  await using lab = await startLab({
    origins: { site: {} },
    proxies: [{ name: 'socks', count: 2, protocol: 'socks5' }],
  })
  await using crawler = await createCrawler({
    proxies: lab.proxies.map(bare),
    proxyScheme: 'socks5h',
    politeness: false,
  })
  const response = await crawler.fetch(`${lab.origins.site!.url}/bytes/10`)
  expect(response.status).toBe(200)
  expect(crawler.proxies().every(({ id }) => id.startsWith('socks5h://'))).toBe(true)
})

test('proxies, lists and providers may be mixed, and what was not understood is told', async () => {
  await using lab = await startLab({
    origins: { site: {} },
    proxies: [{ name: 'socks', count: 3, protocol: 'socks5' }],
  })
  const folder = await mkdtemp(join(tmpdir(), 'regatta-mixed-'))
  try {
    const [one, two, three] = lab.proxies
    const list = join(folder, 'list.csv')
    await writeFile(list, `ip,port\n${bare(two!).replace(':', ',')}\nnonsense,99999\n`)
    const own = {
      name: 'own',
      trusted: true,
      load: async () => ({ proxies: [], duplicates: 0, rejected: [] }),
    }
    await using crawler = await createCrawler({
      proxies: [one!, list, own, bare(three!)],
      politeness: false,
    })
    const alerts: string[] = []
    crawler.on('alert', ({ message }) => alerts.push(message))
    await Promise.resolve()
    expect(crawler.proxies()).toHaveLength(3)
    expect(alerts).toEqual([
      expect.stringMatching(/list\.csv: 1 of 2 entries were not understood: line 3: the port/),
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
