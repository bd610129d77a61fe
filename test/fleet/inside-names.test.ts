import dns from 'node:dns'
import { once } from 'node:events'
import { createServer as createWeb } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCrawler } from '../../src/index.ts'

/** A public name that leads to this machine, as a list from the web may have it on purpose. */
const name = 'inside.example'

afterEach(() => void vi.restoreAllMocks())

function leadInside(): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((...call: unknown[]) => {
    const done = call.at(-1) as (error: null, found: unknown, family?: number) => void
    const { all } = (call.length > 2 ? call[1] : {}) as { all?: boolean }
    if (all) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
  }) as typeof dns.lookup)
}

/** Something of the local network that must not hear of us. */
async function openVictim() {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    heard.push('a connection')
    socket.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { heard, port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() }
}

async function openList(text: string) {
  const server = createWeb((_, answer) => answer.end(text))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/proxies.txt`, [Symbol.dispose]: () => void server.close() }
}

describe('a name in a list from the web that leads into the local network', () => {
  it.each(['socks5h://', 'socks4a://', 'http://', 'https://', ''])('"%s…" is not dialled', async (scheme) => {
    leadInside()
    using victim = await openVictim()
    using list = await openList(`${scheme}${name}:${victim.port}\n`)
    await using crawler = await createCrawler({ proxies: list.url, timeouts: { total: 2_000 } })
    const outcomes: string[] = []
    crawler.on('outcome', ({ reason }) => outcomes.push(reason))
    const asked = crawler.fetch('http://shop.example/', { deadline: 1_500 })
    await expect(asked).rejects.toThrow()
    expect(outcomes[0]).toBe('proxy-dns')
    expect(victim.heard).toEqual([])
  })

  it('is not dialled by the agent or the relay of a lease either', async () => {
    leadInside()
    using victim = await openVictim()
    using list = await openList(`socks5h://${name}:${victim.port}\n`)
    await using crawler = await createCrawler({ proxies: list.url })
    await using lease = await crawler.lease('shop.example')
    const { get } = await import('node:http')
    const viaAgent = once(get('http://shop.example/', { agent: lease.agent! }), 'response')
    await expect(viaAgent).rejects.toThrow()
    const relay = new URL(await lease.relay())
    const viaRelay = once(
      get({ host: relay.hostname, port: relay.port, path: 'http://shop.example/' }),
      'response',
    )
    await expect(viaRelay).rejects.toThrow()
    expect(victim.heard).toEqual([])
  })

  it('is dialled where the list may name such addresses, and where the list is a file or an array', async () => {
    leadInside()
    using victim = await openVictim()
    using list = await openList(`socks5h://${name}:${victim.port}\n`)
    for (const options of [
      { proxies: list.url, allowPrivateProxies: true },
      { proxies: [`socks5h://${name}:${victim.port}`] },
    ]) {
      await using crawler = await createCrawler(options)
      await crawler.fetch('http://shop.example/', { deadline: 300 }).catch(() => {})
    }
    expect(victim.heard.length).toBeGreaterThanOrEqual(2)
  })
})
