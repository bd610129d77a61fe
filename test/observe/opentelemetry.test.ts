import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import { attachOpenTelemetry } from '../../src/observe/opentelemetry.ts'
import { ObservedStation } from '../cli/readings.ts'

/** Against the real SDK, in memory. */
function startSdk() {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(async () => {
    await tracerProvider.shutdown()
    await meterProvider.shutdown()
  })
  return {
    tracerProvider,
    meterProvider,
    spans: () => spans.getFinishedSpans(),
    async points(name: string): Promise<readonly DataPoint<unknown>[]> {
      await reader.forceFlush()
      const all = exporter
        .getMetrics()
        .at(-1)!
        .scopeMetrics.flatMap(({ metrics }) => metrics)
      return all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
    },
  }
}

afterEach(() => {
  context.disable()
  trace.disable()
})

async function serve(): Promise<{ origin: string; seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer(({ headers, url }, response) => {
    seen.push(headers)
    response.writeHead(url?.startsWith('/none') ? 404 : 200, { 'content-type': 'text/html' })
    response.end('<html><body><p>hello there</p></body></html>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const isClient = ({ kind }: ReadableSpan) => kind === SpanKind.CLIENT
const named = (name: string) => (span: ReadableSpan) => span.name === name

test('each attempt is a CLIENT span under the span of its request, and tries after the first are numbered', async () => {
  await using lab = await startLab({
    origins: { site: { site: { pages: 30 } } },
    proxies: [
      { name: 'good', count: 1 },
      { name: 'dead', count: 3, fault: 'dead' },
    ],
  })
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    seed: 1,
    hedge: false,
  })
  const sdk = startSdk()
  attachOpenTelemetry(crawler, sdk)
  for (let page = 0; page < 10; page++) await crawler.fetch(`${lab.origins.site!.url}/page/${page}`)

  const requests = sdk.spans().filter(named('crawler.request'))
  const attempts = sdk.spans().filter(isClient)
  expect(requests).toHaveLength(10)
  expect(attempts.length).toBeGreaterThan(10)
  const failed = attempts.find(({ attributes }) => attributes['error.type'] === 'dial-refused')!
  expect(failed.status.code).toBe(SpanStatusCode.ERROR)
  const request = requests.find((span) => span.spanContext().spanId === failed.parentSpanContext?.spanId)!
  expect(failed.spanContext().traceId).toBe(request.spanContext().traceId)
  const next = attempts.find(
    ({ attributes, parentSpanContext }) =>
      attributes['http.request.resend_count'] === 1 &&
      parentSpanContext?.spanId === request.spanContext().spanId,
  )!
  expect(failed.attributes).not.toHaveProperty(['http.request.resend_count'])
  expect(next.attributes['crawler.attempt.why']).toBe('failover')
  const good = attempts.find(({ attributes }) => attributes['http.response.status_code'] === 200)!
  expect(good).toMatchObject({
    name: 'GET',
    attributes: {
      'http.request.method': 'GET',
      'server.address': new URL(lab.origins.site!.url).hostname,
      'url.scheme': 'http',
      'crawler.verdict': 'success',
    },
  })
  for (const attempt of attempts) expect(attempt.duration[0]).toBeGreaterThanOrEqual(0)
})

test('a fetch belongs to the trace in which it was called; each page of a crawl has a trace of its own, linked to it', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const { origin } = await serve()
  const sdk = startSdk()
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  attachOpenTelemetry(crawler, sdk)
  const source = defineSource({
    name: 'two',
    params: z.object({}),
    item: z.object({}),
    robots: false,
    *seeds() {
      yield `${origin}/a`
      yield `${origin}/b`
    },
    *parse() {},
  })
  const caller = sdk.tracerProvider.getTracer('test').startSpan('caller')
  await context.with(trace.setSpan(context.active(), caller), async () => {
    await crawler.fetch(`${origin}/fetched`)
    await crawler.crawl(source).run()
  })
  caller.end()
  const own = caller.spanContext()
  const requests = sdk.spans().filter(named('crawler.request'))
  const fetched = requests.find(({ attributes }) => String(attributes['url.full']).endsWith('/fetched'))!
  expect(fetched.parentSpanContext?.spanId).toBe(own.spanId)
  const pages = requests.filter((span) => span !== fetched)
  expect(pages).toHaveLength(2)
  expect(new Set([own, ...pages.map((span) => span.spanContext())].map(({ traceId }) => traceId)).size).toBe(
    3,
  )
  for (const page of pages) expect(page.links[0]?.context.traceId).toBe(own.traceId)
})

test('no span holds a password or a secret of a query, and nothing of a trace goes to the site', async () => {
  const { origin, seen } = await serve()
  const sdk = startSdk()
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  attachOpenTelemetry(crawler, sdk)
  const query = 'page=2&api_key=hunter2&X-Amz-Signature=hunter3&%73ig=hunter4#access_token=hunter5'
  await crawler.fetch(`${origin.replace('//', '//me:hunter1@')}/?${query}`)
  const told = JSON.stringify(sdk.spans().map(({ attributes, events, links }) => [attributes, events, links]))
  expect(told).toContain('page=2&api_key=REDACTED')
  expect(told).not.toContain('hunter')
  expect(seen.flatMap((headers) => Object.keys(headers))).not.toContain('traceparent')
})

test('a 404 is an error of its attempt by the conventions, and an answer to the request', async () => {
  const { origin } = await serve()
  const sdk = startSdk()
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  attachOpenTelemetry(crawler, sdk)
  await crawler.fetch(`${origin}/none`)
  const attempt = sdk.spans().find(isClient)!
  expect(attempt.attributes).toMatchObject({ 'http.response.status_code': 404, 'error.type': '404' })
  expect(sdk.spans().find(named('crawler.request'))!.status.code).toBe(SpanStatusCode.UNSET)
})

test('metrics go by the names of the conventions and by crawler.*, and a thousand hosts are few series', async () => {
  const sdk = startSdk()
  const station = new ObservedStation()
  attachOpenTelemetry(station, { meterProvider: sdk.meterProvider, namedHosts: 3 })
  for (let n = 0; n < 1_000; n++) {
    const host = `h${n}.example`
    station.emit('outcome', { ...outcome, host, url: `https://${host}/`, proxy: `socks5://192.0.2.1:${n}` })
  }
  const durations = await sdk.points('http.client.request.duration')
  expect(durations.map(({ attributes }) => attributes['server.address'])).toEqual([
    'h0.example',
    'h1.example',
    'h2.example',
    '_OTHER',
  ])
  expect(durations[3]).toMatchObject({
    value: { count: 997, sum: expect.closeTo(997 * 0.12, 6) },
    attributes: { 'http.request.method': 'GET', 'url.scheme': 'https', 'http.response.status_code': 200 },
  })
  expect(await sdk.points('crawler.attempts')).toMatchObject([
    { value: 1_000, attributes: { outcome: 'success' } },
  ])
  const breakers = await sdk.points('crawler.proxy.breaker')
  expect(breakers.find(({ attributes }) => attributes.state === 'closed')?.value).toBe(17)
})

test('without an SDK nothing is listened to', async () => {
  const station = new ObservedStation()
  const { hasSpans, hasMetrics, detach } = attachOpenTelemetry(station)
  expect([hasSpans, hasMetrics, station.events.eventNames()]).toEqual([false, false, []])
  detach()
})

test('an SDK that is registered is found, two crawlers are told apart, and a detached one is told no more', async () => {
  const sdk = startSdk()
  trace.setGlobalTracerProvider(sdk.tracerProvider)
  const [one, other] = [new ObservedStation(), new ObservedStation()]
  const first = attachOpenTelemetry(one)
  attachOpenTelemetry(other)
  expect(first).toMatchObject({ hasSpans: true, hasMetrics: false })
  for (const station of [one, other]) station.emit('task.accepted', task)
  first.detach()
  expect(one.events.eventNames()).toEqual([])
  // What was open is ended with it.
  expect(sdk.spans()).toHaveLength(1)
  for (const station of [one, other]) station.emit('outcome', outcome)
  expect(sdk.spans().filter(isClient)).toHaveLength(1)
})

test('of a trace that is not sampled nothing is kept', () => {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    sampler: new AlwaysOffSampler(),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const station = new ObservedStation()
  attachOpenTelemetry(station, { tracerProvider })
  station.emit('task.accepted', task)
  station.emit('outcome', outcome)
  expect(exporter.getFinishedSpans()).toEqual([])
})

const task = { task: 't1', url: 'https://a.example/', method: 'GET', host: 'a.example' }
const outcome = {
  ...task,
  attempt: 1,
  proxy: 'socks5://192.0.2.1:1080',
  verdict: 'success',
  reason: 'ok',
  status: 200,
  firstByteMs: 80,
  elapsedMs: 120,
  bytes: 2_000,
  blame: { proxy: 0, host: 0 },
  won: true,
} as const

test('a comparison that found nobody to compare with is no error in a trace, and one that failed is', () => {
  const sdk = startSdk()
  const crawler = new ObservedStation()
  const { detach } = attachOpenTelemetry(crawler, sdk)
  const end = (task: string, verdict: 'success' | 'dead', reason: string) => {
    const told = { task, url: 'http://a.example/', method: 'GET', host: 'a.example', isAudit: true as const }
    crawler.emit('task.accepted', told)
    const counts = { attempts: 0, answeredBy: undefined, hedges: 0, elapsedMs: 5 }
    crawler.emit('task.settled', { ...told, ...counts, ok: false, verdict, reason })
  }
  end('alone', 'success', 'no-witness')
  end('lost', 'dead', 'dial-refused')
  detach()
  const [alone, lost] = sdk.spans()
  expect(alone!.status.code).toBe(SpanStatusCode.UNSET)
  expect(alone!.attributes).toMatchObject({ 'crawler.reason': 'no-witness' })
  expect(alone!.attributes).not.toHaveProperty('error.type')
  expect(lost!.status.code).toBe(SpanStatusCode.ERROR)
})
