import { createServer } from 'node:net'
import { SpanKind, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startLab } from '../../src/lab/lab.ts'
import { listen } from '../transport/world.ts'
import { createTerminal } from './terminal.ts'

/** `regatta crawl --metrics`, as it is typed. */
const direct = ['--direct', '--no-state', '--no-politeness']

it('serves the metrics of the crawl while it runs, says where, and ends with it', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 12 }, latency: 50 } } })
  const { stderr: screen, run } = createTerminal()
  const ended = run('crawl', lab.origins.site!.direct, ...direct, '--quiet', '--metrics', '0')
  const url = await vi.waitFor(() => {
    const [, found] = /^Metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)$/m.exec(screen()) ?? []
    expect(found).toBeDefined()
    return found!
  }, 20_000)
  const text = await vi.waitFor(
    async () => {
      const found = await (await fetch(url)).text()
      expect(found).toMatch(/^crawler_attempts_total\{outcome="success"\} [1-9]/m)
      return found
    },
    { timeout: 20_000, interval: 5 },
  )
  expect(text).toMatch(/^crawler_frontier_urls\{state="leased"\} [1-9]/m)
  expect(text).toMatch(/^crawler_store_op_duration_seconds_count\{op="take"\} [1-9]/m)
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]/m)
  expect(text).not.toContain(new URL(lab.origins.site!.direct).host)
  expect(await ended).toBe(0)
  await expect(fetch(url)).rejects.toThrow()
})

it('refuses an address that is none, and a port that is taken, before anything is fetched', async () => {
  const { port } = await listen(createServer())
  for (const [given, sentence] of [
    ['http', 'Expected a port such as 9464, or an address and a port'],
    ['70000', 'Expected a port such as 9464'],
    [':9464', 'Expected a port such as 9464'],
    [String(port), `--metrics: port ${port} is taken by another program.`],
    ['192.0.2.1:9464', '--metrics: 192.0.2.1 is no address of this machine.'],
  ] as const) {
    const { stderr: screen, run } = createTerminal()
    expect(await run('crawl', 'http://127.0.0.1:1/', ...direct, '--metrics', given)).toBe(2)
    expect(screen()).toContain(sentence)
    expect(screen()).not.toContain('dial')
  }
})

it('tells the crawl to an SDK of OpenTelemetry that was started before it', async () => {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  onTestFinished(() => trace.disable())
  await using lab = await startLab({ origins: { site: { site: { pages: 3 } } } })
  const { run } = createTerminal()
  expect(await run('crawl', lab.origins.site!.direct, ...direct, '--quiet')).toBe(0)
  const pages = exporter
    .getFinishedSpans()
    .filter(({ kind, attributes }) => kind === SpanKind.CLIENT && attributes['crawler.verdict'] === 'success')
  expect(pages.length).toBeGreaterThanOrEqual(3)
})
