import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createBrowserInspector, createInspector, createWebSocketInspector } from '@statelyai/inspect'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Crawler } from '../../src/face/crawler.ts'
import { defineClassifier } from '../../src/index.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { impatient, openLabScene } from '../faults/lab-scene.ts'

/** The official inspector at a crawl through real sockets: 14 proxies of every kind, 3 hosts, secrets wherever one fits. */
const mark = 'S3CRET'
const auth = { username: `user-${mark}`, password: `pass-${mark}` }

const open = () =>
  openLabScene(
    {
      origins: {
        one: { site: { pages: 30, linksPerPage: 4 } },
        two: { site: { pages: 20, linksPerPage: 3 } },
        three: { limit: { total: { requests: 3, perMs: 500 } } },
      },
      proxies: [
        { name: 'good', count: 9, auth, latency: 5 },
        { name: 'http', count: 2, protocol: 'http', auth },
        { name: 'dead', count: 2, auth, fault: 'dead' },
        { name: 'denied', protocol: 'http', auth: { ...auth, username: `x-${mark}` }, fault: 'bad-auth' },
      ],
    },
    {
      timeouts: impatient,
      politeness: { interval: 10 },
      headers: { 'x-api-key': mark, authorization: `Bearer ${mark}` },
      classifiers: [
        defineClassifier({
          name: 'leaky',
          classify: (exchange) =>
            exchange.kind === 'response' && exchange.url.includes('leak')
              ? { kind: 'blocked', reason: `<p>${mark}</p>` }
              : undefined,
        }),
      ],
    },
  )

const site = defineSource({
  name: 'site',
  params: z.object({ start: z.array(z.string()), password: z.string() }),
  item: z.object({ url: z.string() }),
  robots: false,
  *seeds({ start }) {
    const headers = { cookie: `sid=${mark}` }
    for (const url of start) yield { url, headers }
    yield { url: `${start[0]}/login`, method: 'POST', body: `password=${mark}`, headers }
  },
  *parse(page) {
    yield page.item({ url: page.url })
    for (const { url } of page.links().links) yield { url }
  },
})

interface Message {
  readonly type: string
  readonly sessionId: string
  readonly name?: string
  readonly parentId?: string
  readonly sourceId?: string
  readonly definition?: string
  readonly snapshot?: { readonly status: string; readonly value?: unknown; readonly context?: object }
  readonly event?: { readonly type: string }
}

/** What the official package makes of it. It converts each event a moment later. */
function official() {
  const messages: Message[] = []
  const { inspect } = createInspector({ send: (message) => void messages.push(message as Message) })
  const settled = async () => {
    let before = -1
    await vi.waitFor(
      () => {
        const isSettled = before === messages.length
        before = messages.length
        expect(isSettled).toBe(true)
      },
      { interval: 20, timeout: 5_000 },
    )
    return messages
  }
  return { inspect, settled }
}

/** Who was announced, and whether everything else speaks of those alone. */
function readTree(messages: readonly Message[]): Map<string, Message> {
  const known = new Map<string, Message>()
  for (const message of messages) {
    const { type, sessionId, parentId, sourceId, snapshot } = message
    if (type === '@xstate.actor') {
      if (parentId === undefined) expect(known.size, 'the root comes first').toBe(0)
      else expect(known.has(parentId), `${sessionId} has a parent`).toBe(true)
      expect(snapshot?.status, `${sessionId} stands somewhere`).toBe('active')
      known.set(sessionId, message)
    } else {
      expect(known.has(sessionId), `${sessionId} was announced`).toBe(true)
      if (sourceId !== undefined) expect(known.has(sourceId), `${sourceId} was announced`).toBe(true)
    }
  }
  return known
}

function expectWhole(crawler: Crawler, messages: readonly Message[]): void {
  const known = readTree(messages)
  const under = (parent: string) =>
    [...known.values()].filter(({ parentId }) => parentId === parent).map(({ name }) => name!)
  const proxies = crawler.proxies().map(({ id }) => id)
  expect(under('crawler/fleet').sort()).toEqual(proxies.sort())
  const hosts = Object.keys(crawler.stats().hosts)
  expect(hosts.length).toBeGreaterThanOrEqual(3)
  expect(under('crawler/router').sort()).toEqual(hosts.sort())
  expect(under('crawler/tasks').length).toBeGreaterThan(0)
  for (const host of hosts) expect(under(`crawler/router/${host}`).length, host).toBeGreaterThan(0)
  for (const name of under('crawler/tasks')) expect(name).toMatch(/^task \d+$/)
  for (const { definition } of known.values()) expect(JSON.parse(definition!)).toHaveProperty('id')
  const events = messages.filter(({ type }) => type === '@xstate.event')
  expect(events.filter(({ sourceId }) => sourceId !== undefined).length).toBe(events.length)
}

/** Also within another text, and in the forms in which a secret travels. */
function expectNoSecret(messages: readonly unknown[]): void {
  const text = JSON.stringify(messages)
  const basic = (credentials: string) => Buffer.from(credentials).toString('base64').replace(/=+$/, '')
  const forms = [mark, mark.toLowerCase(), encodeURIComponent(`=${mark}`), Buffer.from(mark).toString('hex')]
  const encoded = [basic(mark), basic(`${auth.username}:${auth.password}`), basic(`password=${mark}`)]
  for (const form of [...forms, ...encoded]) {
    const at = text.indexOf(form)
    expect(at < 0 ? '' : text.slice(at - 200, at + 40), form).toBe('')
  }
}

const crawlAll = async (crawler: Crawler, urls: string[]) => {
  await crawler.crawl(site, { start: urls, password: mark }).run()
  await crawler.fetch(`${urls[0]}/leak?token=${mark}`, { deadline: 300 }).catch(() => {})
}

describe('the official inspector', () => {
  it('attached before, during and after a crawl sees every proxy, pool and task, all sources, and no secret', async () => {
    await using scene = await open()
    const { crawler, lab } = scene
    const urls = Object.values(lab.origins).map(({ url }) => url)
    const [before, during, late, full] = [official(), official(), official(), official()]
    crawler.inspect(before.inspect)
    crawler.inspect(full.inspect, { attempts: true, unchanged: true, rate: Number.POSITIVE_INFINITY })
    crawler.once('item', () => crawler.inspect(during.inspect))
    await crawlAll(crawler, urls)
    crawler.inspect(late.inspect)
    await Promise.all(urls.map((url) => crawler.fetch(`${url}/bytes/100`)))
    const all = await Promise.all([before, during, late, full].map(({ settled }) => settled()))
    for (const messages of all) {
      expectWhole(crawler, messages)
      expectNoSecret(messages)
    }
    const tree = readTree(all[3]!)
    const crawls = [...tree.keys()].filter((path) => path.startsWith('crawler/crawl '))
    expect(crawls).toEqual(['crawler/crawl site-1'])
    const attempts = [...tree.values()].filter(({ name }) => name?.startsWith('attempt'))
    expect(attempts.every(({ parentId }) => parentId?.startsWith('crawler/tasks/task '))).toBe(true)
    expect(attempts.length).toBeGreaterThan(0)
    for (const messages of all.slice(0, 3)) {
      expect(messages.some(({ sessionId }) => sessionId.includes('attempt'))).toBe(false)
    }
    // What one request says to whom, as it is drawn.
    const said = all[3]!
      .filter(({ type }) => type === '@xstate.event')
      .map(({ sourceId, event, sessionId }) => `${sourceId} ${event!.type} ${sessionId}`)
    for (const arrow of [
      /^crawler\/crawl site-1 assigned crawler\/tasks\/task \d+$/,
      /^crawler assigned crawler\/tasks\/task \d+$/,
      /^crawler\/tasks\/task \d+ pool\.open crawler\/router$/,
      /^crawler\/tasks\/task \d+ lease\.request crawler\/router\/one\.lab/,
      /^crawler\/router\/one\.lab\S* lease\.granted crawler\/tasks\/task \d+$/,
      /^crawler\/tasks\/task \d+ start crawler\/tasks\/task \d+\/attempt 1$/,
      /^crawler\/tasks\/task \d+\/attempt 1 attempt\.finished crawler\/tasks\/task \d+$/,
      /^crawler\/tasks\/task \d+ succeeded crawler\/fleet\//,
      /^crawler start crawler\/crawl site-1$/,
      /^crawler\/crawl site-1 exhausted crawler\/crawl site-1$/,
    ]) {
      expect(
        said.some((each) => arrow.test(each)),
        String(arrow),
      ).toBe(true)
    }
  })

  it('opens its window, and is handed messages that a structured clone can carry', async () => {
    const posted: unknown[] = []
    const listeners: ((event: { data: unknown }) => void)[] = []
    const window = {
      open: () => ({ postMessage: (message: unknown) => posted.push(structuredClone(message)) }),
      addEventListener: (_type: string, listener: (event: { data: unknown }) => void) =>
        listeners.push(listener),
    }
    vi.stubGlobal('window', { requestAnimationFrame: (call: () => void) => setImmediate(call) })
    const inspector = createBrowserInspector({ window: window as never })
    await using scene = await openLabScene({ origins: { one: {} }, proxies: [{ name: 'good', count: 2 }] })
    scene.crawler.inspect(inspector.inspect)
    for (const listener of listeners) listener({ data: { type: '@statelyai.connected' } })
    await scene.crawler.fetch(`${scene.lab.origins.one!.url}/bytes/10`)
    await vi.waitFor(() => expect(posted.length).toBeGreaterThan(15))
    vi.unstubAllGlobals()
    readTree(posted as Message[])
  })

  it('speaks to a server of its own', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const messages: Message[] = []
    server.on('connection', (client) => {
      client.on('message', (data) => messages.push(JSON.parse(String(data)) as Message))
    })
    const inspector = createWebSocketInspector({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    })
    onTestFinished(() => {
      inspector.stop()
      server.close()
    })
    await once(server, 'connection')
    await using scene = await openLabScene({ origins: { one: {} }, proxies: [{ name: 'good', count: 2 }] })
    scene.crawler.inspect(inspector.inspect)
    await scene.crawler.fetch(`${scene.lab.origins.one!.url}/bytes/10`)
    const isBack = ({ sessionId, snapshot }: Message) =>
      sessionId === 'crawler/tasks/task 0' && snapshot?.value === 'idle'
    await vi.waitFor(() => expect(messages.filter(isBack)).toHaveLength(2))
    readTree(messages)
  })
})
