import { connect, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { testCertificate, testKey } from './certificates.ts'
import {
  direct,
  endpoint,
  exchange,
  fault,
  get,
  listen,
  makeTransport,
  response,
  startHttpProxy,
  startRaw,
  startSocks,
  startTlsRaw,
  textOf,
  until,
} from './world.ts'

const page = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** Answers each request on a connection with the next of these. */
const answering =
  (...answers: string[]) =>
  (socket: Socket) => {
    const left = [...answers]
    socket.on('data', () => socket.write(left.shift() ?? page, 'latin1'))
  }

const sloppy = {
  'an unasked 100': `HTTP/1.1 100 Continue\r\n\r\n${page}`,
  'a large head': page.replace('\r\n\r\n', `\r\n${'X-Long: 0123456789\r\n'.repeat(7_000)}\r\n`),
  'bare line feeds': 'HTTP/1.0 200 OK\nContent-Length : 5\n\nhello',
  'bytes behind the page': `${page}<!-- more -->`,
}

describe.each(Object.entries(sloppy))('a page with %s is read', (_, answer) => {
  test.each(['http', 'https'])('over SOCKS5 and CONNECT from %s', async (scheme) => {
    const serve = answering(answer)
    const origin = scheme === 'http' ? await startRaw(serve) : await startTlsRaw(serve)
    const socks = await startSocks(origin.port)
    const http = await startHttpProxy(origin.port)
    const url = `${scheme}://origin.test/`
    const over = [
      endpoint('socks5', socks.port),
      ...(scheme === 'https' ? [endpoint('http', http.port)] : []),
    ]
    for (const proxy of over) {
      expect(textOf(await response(makeTransport(), proxy, get(url)))).toBe('hello')
    }
    expect(origin.accepted()).toBe(over.length)
  })

  test('from a proxy that forwards plain HTTP', async () => {
    const proxy = await startRaw(answering(answer))
    const result = await response(makeTransport(), endpoint('http', proxy.port), get('http://shop.test/'))
    expect(textOf(result)).toBe('hello')
  })
})

describe('a connection', () => {
  test('that brought more than it announced is not used again', async () => {
    const origin = await startRaw(answering(`${page}more`))
    const transport = makeTransport()
    const url = `http://127.0.0.1:${origin.port}/`
    for (let n = 0; n < 3; n++) expect(textOf(await response(transport, direct, get(url)))).toBe('hello')
    expect([origin.accepted(), transport.stats().open]).toEqual([3, 0])
  })

  test('that brings something while nobody has asked is closed', async () => {
    const origin = await startRaw(answering(page))
    const transport = makeTransport()
    const url = `http://127.0.0.1:${origin.port}/`
    await response(transport, direct, get(url))
    for (const socket of origin.sockets) socket.write(page)
    await until(() => transport.stats().open === 0)
    expect((await response(transport, direct, get(url))).reused).toBe(false)
  })

  const doubtful = {
    'a second response behind its second': `${page}${page.replace('hello', 'other')}`,
    'a length beside chunks':
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nother\r\n0\r\n\r\n',
  }
  test.each(Object.entries(doubtful))('in doubt is asked again on a fresh one: %s', async (_, second) => {
    let connections = 0
    const origin = await startRaw((socket) => {
      if (connections++ === 0) answering(page, second)(socket)
      else answering(page)(socket)
    })
    const transport = makeTransport()
    const url = `http://127.0.0.1:${origin.port}/`
    await response(transport, direct, get(url))
    const result = await response(transport, direct, get(url))
    expect([textOf(result), result.reused, origin.accepted()]).toEqual(['hello', false, 2])
  })

  test('in doubt is said to be stale where nothing may be sent twice', async () => {
    const origin = await startRaw(answering(page, doubtful['a length beside chunks']))
    const transport = makeTransport()
    const url = `http://127.0.0.1:${origin.port}/`
    await response(transport, direct, get(url))
    const result = await fault(transport, direct, get(url, { method: 'POST', body: 'order' }))
    expect(result.cause).toBe('stale-socket')
  })

  test('of HTTP/1.0 is kept where both sides say so', async () => {
    const origin = await startRaw(
      answering('HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello'),
    )
    const transport = makeTransport()
    const url = `http://127.0.0.1:${origin.port}/`
    await response(transport, direct, get(url))
    expect((await response(transport, direct, get(url))).reused).toBe(true)
  })

  test('is not kept for longer than the server promises', async () => {
    const answer = page.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1, max=100\r\n\r\n')
    const origin = await startRaw(answering(answer))
    const transport = makeTransport()
    await response(transport, direct, get(`http://127.0.0.1:${origin.port}/`))
    expect(transport.stats().open).toBe(0)
  })

  test('brings a page byte by byte', async () => {
    const answer = `HTTP/1.1 103 Early\n\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: a\r\n b\r\n\r\n2 ;x="1"\r\nhe\r\n03\nllo\n0\r\nT: u\r\n\r\n`
    const origin = await startRaw((socket) => {
      socket.setNoDelay(true)
      socket.once('data', async () => {
        for (const letter of answer) {
          socket.write(letter)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
    })
    const result = await response(makeTransport(), direct, get(`http://127.0.0.1:${origin.port}/`))
    expect([textOf(result), result.headers.x]).toEqual(['hello', 'a b'])
  })
})

test('headers arrive as they were sent, whatever else stands in the head', async () => {
  const lines = [
    'X-Space : a',
    'no colon',
    ': nameless',
    'X-Twice: a',
    'X-Twice: b',
    'Set-Cookie: c=d',
    'X-Latin: caf\xe9\xa0',
    'X-Tab:\t a \t',
    'X-Cr: a\rb',
    '__proto__: x',
    'constructor: y',
  ]
  const origin = await startRaw(answering(page.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`)))
  const { headers } = await response(makeTransport(), direct, get(`http://127.0.0.1:${origin.port}/`))
  expect({ ...headers }).toEqual({
    'content-length': '5',
    'x-space': 'a',
    'x-twice': ['a', 'b'],
    'set-cookie': ['c=d'],
    'x-latin': 'caf\xe9\xa0',
    'x-tab': 'a',
    'x-cr': 'a b',
    constructor: 'y',
  })
})

const tunnels = {
  'HTTP/1.0': 'HTTP/1.0 200 Connection established\r\n\r\n',
  'bare line feeds': 'HTTP/1.0 200 OK\nVia: a\n\n',
  'no reason': 'HTTP/1.1 200\r\n\r\n',
  'two spaces and lower case': 'http/1.1  200 OK\r\n\r\n',
  'another 2xx': 'HTTP/1.1 202 Accepted\r\n\r\n',
  '20 KB of headers': `HTTP/1.1 200 OK\r\n${'X-Long: 0123456789\r\n'.repeat(1_000)}\r\n`,
  'a length of 0': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'a length that it does not send':
    'HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n',
  'a 100 before': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'folded lines and lines without a colon': 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nno colon\r\n\r\n',
  'line ends before it': '\r\nHTTP/1.1 200 OK\r\n\r\n',
}

test.each(Object.entries(tunnels))('a tunnel that is granted with %s stands', async (_, reply) => {
  const origin = await startTlsRaw(answering(page))
  const proxy = await startRaw((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write(reply, 'latin1')
      const onward = connect(origin.port, '127.0.0.1')
      onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
      socket.on('close', () => onward.destroy())
      socket.pipe(onward).pipe(socket)
    })
  })
  const result = await response(makeTransport(), endpoint('http', proxy.port), get('https://origin.test/'))
  expect(textOf(result)).toBe('hello')
})

/** A TLS server that says which name was asked for, in the handshake and in the request. */
async function startNaming() {
  const names: (string | false | null)[] = []
  const hosts: (string | undefined)[] = []
  const server = createTlsServer({ key: testKey, cert: testCertificate }, (socket: TLSSocket) => {
    names.push(socket.servername)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      hosts.push(/^host: (.*)\r$/m.exec(bytes.toString('latin1'))?.[1])
      socket.write(page)
    })
  })
  const running = await listen(server)
  return { running, names, hosts }
}

test.each([
  ['shop.origin.test.', 'shop.origin.test', 'shop.origin.test.'],
  ['SHOP.Origin.Test', 'shop.origin.test', 'shop.origin.test'],
  ['under_score.origin.test', 'under_score.origin.test', 'under_score.origin.test'],
  ['bücher.origin.test', 'xn--bcher-kva.origin.test', 'xn--bcher-kva.origin.test'],
])('the host %s is greeted as %s and asked for as %s', async (host, servername, asked) => {
  const { running, names, hosts } = await startNaming()
  const socks = await startSocks(running.port)
  await response(makeTransport(), endpoint('socks5', socks.port), get(`https://${host}/`))
  expect([names, hosts]).toEqual([[servername], [asked]])
})

test('an address with a zone is no URL, as in browsers', async () => {
  const result = await exchange(makeTransport(), direct, get('http://[fe80::1%25lo]/'))
  expect(result).toMatchObject({ kind: 'fault', cause: 'request-invalid' })
})
