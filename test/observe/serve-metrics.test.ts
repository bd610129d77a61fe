import { request } from 'node:http'
import { connect } from 'node:net'
import { Counter, Gauge, Registry } from 'prom-client'
import { expect, onTestFinished, test, vi } from 'vitest'
import { attachMetrics } from '../../src/observe/metrics.ts'
import { openMetricsOf } from '../../src/observe/open-metrics-text.ts'
import { type MetricsServerOptions, serveMetrics } from '../../src/observe/serve-metrics.ts'
import { ObservedStation } from '../cli/readings.ts'

async function serve(registry = new Registry(), options: MetricsServerOptions = {}) {
  const server = await serveMetrics(registry, { port: 0, ...options })
  onTestFinished(() => server.close())
  return server
}

interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly text: string
}

function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      let text = ''
      response.on('data', (part) => (text += part))
      response.on('end', () =>
        resolve({ status: response.statusCode, type: response.headers['content-type'], text }),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

const openMetrics = {
  accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
}

test('text and OpenMetrics are served, whichever is asked for, in any order', async () => {
  const { registry } = attachMetrics(new ObservedStation())
  const { url } = await serve(registry)
  for (let round = 0; round < 2; round++) {
    const open = await ask(url, openMetrics)
    expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(open.text).toContain('# TYPE crawler_hedges counter\ncrawler_hedges_total 0\n')
    expect(open.text.endsWith('\n# EOF\n')).toBe(true)
    const plain = await ask(url, { accept: 'text/plain' })
    expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(plain.text).toContain('# TYPE crawler_hedges_total counter\ncrawler_hedges_total 0\n')
  }
})

test.each([
  ['', 'text/plain'],
  ['*/*', 'text/plain'],
  ['application/openmetrics-text', 'application/openmetrics-text'],
  ['text/plain, application/openmetrics-text;q=0.5', 'text/plain'],
  ['application/openmetrics-text;q=0', 'text/plain'],
  [
    'application/vnd.google.protobuf, application/openmetrics-text; version=0.0.1; q=0.7',
    'application/openmetrics-text',
  ],
])('asked with "%s" it answers %s', async (accept, type) => {
  const { url } = await serve()
  expect((await ask(url, { accept })).type).toContain(type)
})

test('it says that it lives, that elsewhere there is nothing, and that it is only read', async () => {
  const server = await serve()
  const at = (path: string, method?: string) => ask(server.url.replace('/metrics', path), {}, method)
  expect(await at('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
  expect((await at('/')).text).toContain('/metrics')
  expect(await at('/metrics?name[]=x')).toMatchObject({ status: 200 })
  expect(await at('/secrets')).toMatchObject({ status: 404 })
  expect(await at('/metrics', 'POST')).toMatchObject({ status: 405 })
  expect(await at('/metrics', 'HEAD')).toMatchObject({ status: 200, text: '' })
})

test('on loopback a page that reaches it by another name is refused', async () => {
  const { url, port } = await serve()
  expect(await ask(url, { host: `evil.example:${port}` })).toMatchObject({ status: 421 })
  expect(await ask(url, { host: `localhost:${port}` })).toMatchObject({ status: 200 })
  const open = await serve(undefined, { host: '0.0.0.0' })
  expect(await ask(open.url, { host: `crawler-7.internal:${open.port}` })).toMatchObject({ status: 200 })
})

test('a port that is taken and an address that is not ours are told, with the way out', async () => {
  const { port } = await serve()
  await expect(serve(undefined, { port })).rejects.toThrow(
    /port \d+ is taken by another program\. Choose another/,
  )
  await expect(serve(undefined, { host: '192.0.2.1' })).rejects.toThrow(
    /192\.0\.2\.1 is no address of this machine/,
  )
  await expect(serve(undefined, { port: 70_000 })).rejects.toThrow(/a whole number from 0 to 65535/)
})

test('twenty who ask at once share one collection', async () => {
  let collected = 0
  const registry = new Registry()
  const { promise, resolve } = Promise.withResolvers<void>()
  new Gauge({
    name: 'slow',
    help: 'Waits.',
    registers: [registry],
    async collect() {
      collected++
      await promise
    },
  })
  const { port } = await serve(registry)
  // On one connection, in one piece: all of them are there when the first is answered.
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (part) => (text += part))
  socket.write(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(20))
  await vi.waitFor(() => expect(collected).toBeGreaterThan(0))
  resolve()
  await vi.waitFor(() => expect(text.match(/^slow 0$/gm)).toHaveLength(20))
  socket.destroy()
  expect(collected).toBe(1)
})

test('what cannot be collected is told, and the next scrape is tried anew', async () => {
  const registry = new Registry()
  let isBroken = true
  new Gauge({
    name: 'frail',
    help: 'Breaks once.',
    registers: [registry],
    collect() {
      if (isBroken) throw new Error('no')
    },
  })
  const { url } = await serve(registry)
  expect(await ask(url)).toMatchObject({ status: 500 })
  isBroken = false
  expect(await ask(url)).toMatchObject({ status: 200 })
})

test('OpenMetrics of any registry: counters without _total, NaN, labels with line ends', async () => {
  const registry = new Registry()
  new Counter({ name: 'plain', help: 'No suffix.', registers: [registry] }).inc(2)
  new Counter({ name: 'by_total', help: 'With.', labelNames: ['what'], registers: [registry] }).inc({
    what: 'a\n"b" # c',
  })
  new Gauge({ name: 'none', help: 'Nothing.', registers: [registry] }).set(Number.NaN)
  expect(openMetricsOf(await registry.metrics())).toBe(
    [
      '# HELP plain No suffix.',
      '# TYPE plain counter',
      'plain_total 2',
      '# HELP by With.',
      '# TYPE by counter',
      'by_total{what="a\\n\\"b\\" # c"} 1',
      '# HELP none Nothing.',
      '# TYPE none gauge',
      'none NaN',
      '# EOF',
      '',
    ].join('\n'),
  )
})

test('two crawlers count in one registry by two prefixes, and each takes only its own away', async () => {
  const registry = new Registry()
  const [one, other] = [new ObservedStation(), new ObservedStation()]
  const { detach } = attachMetrics(one, { register: registry })
  attachMetrics(other, { register: registry, prefix: 'shop_crawler_' })
  one.emit('alert', { code: 'LEAK', message: '' })
  detach()
  const text = await registry.metrics()
  expect(text).toContain('shop_crawler_hedges_total 0')
  expect(text).not.toMatch(/^crawler_/m)
  expect(text).not.toContain('LEAK')
  expect(() => attachMetrics(one, { prefix: '9 lives' })).toThrow(/letters, digits and underscores/)
})
