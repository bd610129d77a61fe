import { createServer, get, type IncomingMessage, request } from 'node:http'
import { get as getSecurely } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Crawler, createCrawler, type OwnLease } from '../../src/index.ts'

/** An HTTP proxy that remembers how it was asked, and answers for every host. */
const asked: { readonly line: string; readonly authorization: string | undefined; readonly body?: string }[] =
  []
const proxy = createServer(async (message, response) => {
  const authorization = message.headers['proxy-authorization']
  asked.push({ line: `${message.method} ${message.url}`, authorization, body: await text(message) })
  response.end('forwarded')
})
proxy.on('connect', (message: IncomingMessage, socket: Duplex) => {
  asked.push({ line: `CONNECT ${message.url}`, authorization: message.headers['proxy-authorization'] })
  socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nclosed')
})

let crawler: Crawler
let lease: OwnLease
beforeAll(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  const proxies = [`http://user:p%40ss@127.0.0.1:${port}`]
  crawler = await createCrawler({ proxies, politeness: false })
  lease = await crawler.lease('http://site.test/')
})
beforeEach(() => {
  asked.length = 0
})
afterAll(async () => {
  lease?.succeed()
  await crawler?.stop()
  proxy.closeAllConnections()
  proxy.close()
})

const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`

function answerTo(ask: (answered: (response: IncomingMessage) => void) => Duplex | NodeJS.EventEmitter) {
  return new Promise<IncomingMessage>((resolve, reject) => ask(resolve).on('error', reject))
}

test('plain HTTP goes to an HTTP proxy with its whole URL', async () => {
  const { agent } = lease
  const response = await answerTo((answered) =>
    get('http://site.test:8080/a?b=1', { agent: agent! }, answered),
  )
  expect(await text(response)).toBe('forwarded')
  expect(asked).toEqual([{ line: 'GET http://site.test:8080/a?b=1', authorization, body: '' }])
})

test('a body goes along', async () => {
  const response = await answerTo((answered) => {
    const sending = request(
      { host: 'site.test', path: '/form', method: 'POST', agent: lease.agent! },
      answered,
    )
    return sending.end('a=1')
  })
  expect(await text(response)).toBe('forwarded')
  expect(asked).toEqual([{ line: 'POST http://site.test/form', authorization, body: 'a=1' }])
})

test('HTTPS and a WebSocket ask for a tunnel', async () => {
  await answerTo((answered) => getSecurely('https://site.test/', { agent: lease.agent! }, answered))
  const headers = { connection: 'Upgrade', upgrade: 'websocket' }
  await answerTo((answered) => get('http://site.test/socket', { agent: lease.agent!, headers }, answered))
  expect(asked).toEqual([
    { line: 'CONNECT site.test:443', authorization },
    { line: 'CONNECT site.test:80', authorization },
  ])
})

test('its URL is for a client that takes one', async () => {
  const { hostname, port } = new URL(lease.url)
  const socket = connect(Number(port), hostname)
  socket.end('GET http://site.test/ HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toContain('forwarded')
})
