import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCrawler } from '../../src/face/crawler.ts'
import { follow } from './invariants.ts'
import { scriptedProvider } from './scripted-provider.ts'
import { good, openScene, proxyList } from './simulation.ts'

const minute = 60_000

/** Forty proxies at work, whose list then becomes `next`. */
async function refreshed(next: readonly string[] | undefined, options: { believe?: boolean } = {}) {
  const provider = scriptedProvider(proxyList(40))
  const scene = await openScene({ proxies: provider, politeness: { interval: 1_000 } }, () => ({
    afterMs: 300,
  }))
  const answers = Array.from({ length: 60 }, (_, page) => scene.crawler.fetch(`http://target.test/${page}`))
  await scene.clock.advance(150) // in mid-flight
  const before = scene.crawler.proxies().map(({ id }) => id)
  provider.current = next
  await scene.crawler.refresh(options)
  return { scene, provider, answers, before, after: scene.crawler.proxies().map(({ id }) => id) }
}

describe('fault 16: a refresh brings a strange list', () => {
  it.each([
    ['nothing', []],
    ['less than half', proxyList(15)],
    ['an error', undefined],
  ] as const)('%s: the old list is kept, somebody is told, and nobody notices', async (_what, list) => {
    const { scene, answers, before, after } = await refreshed(list)
    expect(after).toEqual(before)
    const [alert] = scene.log.alerts
    expect(alert!.code).toBe(list === undefined ? 'PROXY_LIST_UNREADABLE' : 'LIST_NOT_BELIEVED')
    expect(alert!.message).toContain('40 proxies')
    await scene.until(Promise.all(answers))
    await scene.end()
  })

  it('less than half is believed the third time, and what left is drained: its answers still count', async () => {
    const { scene, answers } = await refreshed(proxyList(15))
    expect(scene.crawler.proxies().filter(({ inFlight }) => inFlight > 0).length).toBeGreaterThan(0)
    await scene.crawler.refresh()
    await scene.crawler.refresh()
    expect(scene.crawler.proxies()).toHaveLength(15)
    const from = scene.attempts.length
    const stays = new Set(scene.crawler.proxies().map(({ id }) => id))
    await scene.until(Promise.all(answers))
    for (const { proxy } of scene.attempts.slice(from)) expect(stays).toContain(proxy)
    await scene.end()
  })

  it('with believe it is taken at once', async () => {
    const { scene, answers, after } = await refreshed(proxyList(15), { believe: true })
    expect(after).toHaveLength(15)
    await scene.until(Promise.all(answers))
    await scene.end()
  })

  it.each([
    ['before its request reaches the host', 100],
    ['before the answer', 300],
    ['after the answer', 900],
  ])(
    'one that left in the middle of a handshake and is back %s serves the same host again',
    async (_when, ms) => {
      const [one, ...dead] = proxyList(3)
      const provider = scriptedProvider([one!, ...dead])
      const scene = await openScene(
        { proxies: provider, politeness: { interval: 1_000 }, strategy: 'round-robin', hedge: false },
        ({ proxy }) =>
          one!.includes(proxy.host)
            ? { afterMs: 200, phase: 'headers', next: () => ({ afterMs: 300 }) }
            : { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } },
      )
      const first = scene.crawler.fetch('http://target.test/first')
      await scene.clock.runUntil(() => scene.crawler.proxies()[0]!.inFlight > 0)
      provider.current = dead
      await scene.crawler.refresh({ believe: true })
      await scene.clock.advance(ms)
      provider.current = [...dead, one!]
      await scene.crawler.refresh({ believe: true })
      expect((await scene.until(first)).status).toBe(200)
      const from = scene.clock.now()
      expect((await scene.until(scene.crawler.fetch('http://target.test/second'))).status).toBe(200)
      expect(scene.clock.now() - from, 'one interval and one answer').toBeLessThan(5_000)
      await scene.end()
    },
  )

  it('duplicates are dropped', async () => {
    const { scene, answers, before, after } = await refreshed([
      ...proxyList(40),
      ...proxyList(40),
      ...proxyList(40),
    ])
    expect(after).toEqual(before)
    await scene.until(Promise.all(answers))
    await scene.end()
  })

  it('ten times as many join, and are used', async () => {
    const { scene, answers, after } = await refreshed(proxyList(400))
    expect(after).toHaveLength(400)
    await scene.until(Promise.all(answers))
    const more = Array.from({ length: 300 }, (_, page) =>
      scene.crawler.fetch(`http://target.test/more/${page}`),
    )
    await scene.until(Promise.all(more))
    expect(new Set(scene.attempts.map(({ proxy }) => proxy)).size).toBeGreaterThan(80)
    await scene.end()
  })

  it('changed credentials are other proxies: the old ones are drained, the new ones known under another label', async () => {
    const account = (word: string) =>
      proxyList(10).map((url) => url.replace('socks5://', `socks5://crew:${word}@`))
    const provider = scriptedProvider(account('old-word'))
    const scene = await openScene({ proxies: provider, politeness: { interval: 1_000 } }, () => good)
    const before = scene.crawler.proxies().map(({ id }) => id)
    await scene.until(scene.crawler.fetch('http://target.test/'))
    provider.current = account('new-word')
    await scene.crawler.refresh()
    const after = scene.crawler.proxies().map(({ id }) => id)
    expect(after).toHaveLength(10)
    expect(after.filter((id) => before.includes(id))).toEqual([])
    const from = scene.attempts.length
    await scene.until(
      Promise.all(Array.from({ length: 20 }, (_, page) => scene.crawler.fetch(`http://target.test/${page}`))),
    )
    for (const { proxy } of scene.attempts.slice(from)) expect(after).toContain(proxy)
    expect(JSON.stringify([scene.log, after, before])).not.toMatch(/old-word|new-word/)
    await scene.end()
  })

  it('a hundred refreshes under load lose nothing', async () => {
    const provider = scriptedProvider(proxyList(40))
    const scene = await openScene(
      { proxies: provider, refresh: minute, politeness: { interval: 1_000 } },
      () => ({ afterMs: 300 }),
    )
    const answers: Promise<Response>[] = []
    for (let round = 0; round < 100; round++) {
      provider.current = proxyList(80).slice(round % 40, (round % 40) + 40)
      answers.push(
        ...Array.from({ length: 5 }, (_, page) => scene.crawler.fetch(`http://target.test/${round}/${page}`)),
      )
      await scene.crawler.refresh()
      await scene.clock.advance(170)
    }
    await scene.until(Promise.all(answers))
    await scene.end()
  })
})

describe('fault 16: a list from a URL names private addresses', () => {
  let server: Server | undefined
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())))

  it('they never join: loopback, link-local, metadata and private networks', async () => {
    let list = '1.0.0.7:1080\n8.8.4.9:1080\n'
    server = createServer((_request, response) => response.end(list))
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const crawler = await createCrawler({ proxies: `http://127.0.0.1:${port}/list.txt` })
    const log = follow(crawler)
    expect(crawler.proxies()).toHaveLength(2)
    list +=
      '127.0.0.1:1080\nlocalhost:1080\n169.254.169.254:80\n10.0.0.1:1080\n192.168.1.1:1080\n[::1]:1080\n[fd00::1]:1080\n9.9.0.5:1080\n'
    await crawler.refresh()
    expect(
      crawler
        .proxies()
        .map(({ id }) => new URL(id.replace(/^\w+:/, 'http:')).hostname)
        .sort(),
    ).toEqual(['1.0.0.7', '8.8.4.9', '9.9.0.5'])
    list = '127.0.0.1:1\n169.254.169.254:80\n'
    await crawler.refresh()
    expect(crawler.proxies()).toHaveLength(3)
    await vi.waitFor(() => expect(log.alerts.map(({ code }) => code)).toEqual(['LIST_NOT_BELIEVED']))
    await crawler.stop()
  })
})
