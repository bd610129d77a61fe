import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { inspectorPage } from '../../src/observe/inspector-page.ts'
import { type InspectorBridgeOptions, serveInspector } from '../../src/observe/serve-inspector.ts'
import { openLabScene } from '../faults/lab-scene.ts'

interface Message {
  readonly type: string
  readonly sessionId: string
  readonly parentId?: string
  readonly sourceId?: string
}

async function open(options: InspectorBridgeOptions = {}) {
  const scene = await openLabScene(
    { origins: { one: {}, two: {} }, proxies: [{ name: 'good', count: 3 }] },
    { politeness: false },
  )
  const bridge = await serveInspector(scene.crawler, options)
  onTestFinished(async () => {
    await bridge.close()
    await scene[Symbol.asyncDispose]()
  })
  const visit = (host: 'one' | 'two') => scene.crawler.fetch(`${scene.lab.origins[host]!.url}/bytes/10`)
  return { ...scene, bridge, visit }
}

/** All that the receiver of the official package is told. */
function receive(server: string): Message[] {
  const messages: Message[] = []
  const { unsubscribe } = createWebSocketReceiver({ server }).subscribe((message) => {
    messages.push(message as Message)
  })
  onTestFinished(unsubscribe)
  return messages
}

const names = (messages: readonly Message[], type = '@xstate.actor') =>
  messages.filter((each) => each.type === type).map(({ sessionId }) => sessionId)

interface Asked {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly method?: string
}

async function ask(port: number, { path = '/', headers = {}, method = 'GET' }: Asked = {}) {
  const asked = request({ host: '127.0.0.1', port, path, headers, method }).end()
  const [response] = await once(asked, 'response')
  return { status: response.statusCode as number, headers: response.headers, body: await text(response) }
}

/** The status with which a WebSocket is refused, or 101. */
async function knock(url: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url, { headers })
  onTestFinished(() => socket.terminate())
  return new Promise((resolve) => {
    socket.on('open', () => resolve(101))
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode!))
    socket.on('error', () => {})
  })
}

describe('the bridge of an inspector', () => {
  it('tells the receiver of the official package of all that lives, whenever it comes, and then of what happens', async () => {
    const { bridge, visit } = await open()
    await visit('one')
    const early = receive(bridge.socket)
    await vi.waitFor(() => expect(names(early)).toContain('crawler/router/one.lab'))
    await visit('two')
    const late = receive(`${bridge.socket}&attempts`)
    await vi.waitFor(() => expect(names(late)).toContain('crawler/router/two.lab'))
    await visit('two')
    for (const messages of [early, late]) {
      await vi.waitFor(() => expect(names(messages, '@xstate.snapshot')).toContain('crawler/tasks/task 0'))
      const known = new Set(['crawler'])
      for (const { type, sessionId, parentId, sourceId } of messages) {
        if (parentId !== undefined) expect(known).toContain(parentId)
        if (type === '@xstate.actor') known.add(sessionId)
        expect(known).toContain(sessionId)
        if (type === '@xstate.event') expect(known).toContain(sourceId)
      }
      expect(names(messages).filter((name) => name.startsWith('crawler/fleet/'))).toHaveLength(3)
    }
    expect(names(early).join()).not.toContain('attempt')
    expect(names(late)).toContain('crawler/tasks/task 0/attempt 1')
    expect(bridge.clients).toBe(2)
  })

  it('lets nobody in without its token, by another name, or from a page of somebody else', async () => {
    const { bridge } = await open()
    const { port, token, socket } = bridge
    const at = `ws://127.0.0.1:${port}`
    expect(await knock(`${at}/`)).toBe(401)
    expect(await knock(`${at}/?token=${token}x`)).toBe(401)
    expect(await knock(`${at}/?token=`)).toBe(401)
    expect(await knock(socket, { host: `rebound.example:${port}` })).toBe(421)
    expect(await knock(socket, { host: '127.0.0.1' })).toBe(421)
    expect(await knock(socket, { origin: 'https://evil.example' })).toBe(403)
    expect(await knock(socket, { origin: 'null' })).toBe(403)
    expect(await knock(socket, { origin: `http://127.0.0.1:${port + 1}` })).toBe(403)
    expect(await knock(`${at}/elsewhere?token=${token}`)).toBe(404)
    expect(bridge.clients).toBe(0)
    expect(await knock(socket, { origin: `http://localhost:${port}` })).toBe(101)
    expect(await knock(`${at}/`, { authorization: `Bearer ${token}` })).toBe(101)
    const refused = await ask(port)
    expect([refused.status, refused.body]).toEqual([
      401,
      expect.stringContaining('token is missing or wrong'),
    ])
    expect((await ask(port, { path: `/?token=${token}`, method: 'POST' })).status).toBe(405)
  })

  it('serves a page that frames the inspector, and lets nothing else in', async () => {
    const { bridge } = await open()
    const { status, headers, body } = await ask(bridge.port, { path: `/${new URL(bridge.page).search}` })
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain('frame-src https://stately.ai;')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(body).toContain('<iframe src="https://stately.ai/inspect"')
    expect(body).not.toContain(bridge.token)
    // Nothing else is fetched from anywhere.
    expect(body.match(/(src|href)="[^"]*"/g)).toEqual(['src="https://stately.ai/inspect"'])
  })

  it('sends away the ninth client, and listens to none', async () => {
    const { bridge, visit } = await open()
    const clients = Array.from({ length: 8 }, () => new WebSocket(bridge.socket))
    onTestFinished(() => clients.forEach((client) => void client.terminate()))
    await Promise.all(clients.map((client) => once(client, 'open')))
    expect(await knock(bridge.socket)).toBe(503)
    clients[0]!.send(JSON.stringify({ type: '@xstate.event', event: { type: 'isolate' } }))
    clients[1]!.send('x'.repeat(2_000))
    const [code] = await once(clients[1]!, 'close')
    expect(code).toBe(1009)
    expect((await visit('one')).status).toBe(200)
  })

  it('says why it cannot be opened', async () => {
    const { bridge, crawler } = await open()
    const taken = serveInspector(crawler, { port: bridge.port })
    await expect(taken).rejects.toThrow(`port ${bridge.port} is taken by another program`)
    await expect(serveInspector(crawler, { port: 70_000 })).rejects.toThrow('from 0 to 65535')
    await expect(serveInspector(crawler, { token: 'short' })).rejects.toThrow('at least 16')
  })

  it('says goodbye when the crawler stops, and holds nobody when it is closed', async () => {
    const { bridge, crawler } = await open()
    const client = new WebSocket(bridge.socket)
    await once(client, 'open')
    const [gone] = await Promise.all([once(client, 'close'), crawler.stop()])
    expect(String(gone[1])).toBe('The crawler has stopped.')
    const half = connect(bridge.port, '127.0.0.1')
    await once(half, 'connect')
    half.on('error', () => {}) // it may be reset
    half.write('GET / HTTP/1.1\r\n')
    await Promise.all([new Promise((resolve) => half.on('close', resolve)), bridge.close()])
  })
})

it('what the page hands to its frame is what the bridge says, and only when that frame asks', () => {
  const { html } = inspectorPage(new URL('https://stately.ai/inspect'), 'ws://127.0.0.1:1', 'n0nce')
  const script = /<script nonce="n0nce">([\s\S]*)<\/script>/.exec(html)![1]!
  const posted: unknown[] = []
  const frame = { contentWindow: { postMessage: (...given: unknown[]) => posted.push(given) } }
  const line = { textContent: 'waiting' }
  let listener: (event: object) => void = () => {}
  const sockets: { url: string; onopen?: () => void; onmessage?: (event: object) => void }[] = []
  class FakeSocket {
    url: string
    constructor(url: string) {
      this.url = url
      sockets.push(this)
    }
    close() {}
  }
  const document = { querySelector: (name: string) => (name === 'iframe' ? frame : line) }
  const world = {
    document,
    location: { href: 'http://127.0.0.1:1/?token=abc' },
    history: { replaceState: () => {} },
    addEventListener: (_type: string, call: typeof listener) => {
      listener = call
    },
    WebSocket: FakeSocket,
  }
  new Function(...Object.keys(world), script)(...Object.values(world))
  const data = { type: '@statelyai.connected' }
  listener({ data, origin: 'https://evil.example', source: frame.contentWindow })
  listener({ data, origin: 'https://stately.ai', source: {} })
  expect(sockets).toEqual([])
  listener({ data, origin: 'https://stately.ai', source: frame.contentWindow })
  expect(sockets.map(({ url }) => url)).toEqual(['ws://127.0.0.1:1/?token=abc'])
  sockets[0]!.onopen!()
  sockets[0]!.onmessage!({ data: '{"type":"@xstate.actor"}' })
  expect(posted).toEqual([[{ type: '@xstate.actor' }, 'https://stately.ai']])
  expect(line.textContent).toBe('')
})
