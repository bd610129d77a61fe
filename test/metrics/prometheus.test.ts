import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { type RunningCrawl, startCrawl } from './crawl.ts'
import { deployed, type Prometheus, promtool, startPrometheus } from './prometheus.ts'

/**
 * What deploy/ holds, in a real Prometheus against real crawls: one through a fleet of which most is dead, and one through two
 * proxies that contradict each other, whose contested pages become dead letters.
 */
let lab: Lab
let crawls: RunningCrawl[]
let prometheus: Prometheus

beforeAll(async () => {
  lab = await startLab({
    origins: {
      site: { site: { pages: 3_000, missing: 5, disallowed: 3 } },
      shop: { site: { pages: 2_000 } },
    },
    proxies: [
      { name: 'good', count: 4 },
      { name: 'dead', count: 9, fault: 'dead' },
      { name: 'honest', protocol: 'http' },
      { name: 'liar', protocol: 'http', fault: { kind: 'lie', how: 'notice', paths: ['/page'] } },
    ],
  })
  const urls = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => lab.proxy(count === 1 ? name : `${name}-${at + 1}`).url)
  crawls = await Promise.all([
    startCrawl(`${lab.origins.site!.url}/`, [...urls('good', 4), ...urls('dead', 9)], '--interval', '100ms'),
    startCrawl(
      `${lab.origins.shop!.url}/`,
      [...urls('honest', 1), ...urls('liar', 1)],
      '--contested',
      'dead',
    ),
  ])
  prometheus = await startPrometheus(crawls.map(({ address }) => address))
})
afterAll(async () => {
  for (const each of [...(crawls ?? []), prometheus]) await each?.[Symbol.asyncDispose]()
  await lab?.close()
})

/** Every expression of the dashboard, as Grafana sends it when all is selected. */
const expressions = [
  ...new Set(
    [...readFileSync(deployed('grafana/regatta.json'), 'utf8').matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
      ([, text]) => JSON.parse(text!) as string,
    ),
  ),
]
const filled = (expression: string) =>
  expression.replaceAll('$__rate_interval', '15s').replaceAll(/\$(job|instance)/g, '.*')

test('every expression of the dashboard returns data of a crawl', async () => {
  expect(expressions.length).toBeGreaterThan(50)
  await vi.waitFor(
    async () => {
      const without: string[] = []
      for (const expression of expressions) {
        const samples = await prometheus.query(filled(expression))
        if (!samples.some(({ value: [, value] }) => value !== 'NaN')) without.push(expression)
      }
      expect(without).toEqual([])
    },
    { timeout: 40_000, interval: 1_000 },
  )
}, 45_000)

test('it reads what the crawls serve, as OpenMetrics, which it asks for', async () => {
  expect(await prometheus.troubles()).toEqual([])
  expect(await prometheus.query('up == 1')).toHaveLength(2)
})

test('a fleet of which most is shut out, and proxies that contradict each other, raise their alerts', async () => {
  await vi.waitFor(
    async () =>
      expect(await prometheus.firing()).toEqual(
        expect.arrayContaining(['RegattaFleetMostlyOpen', 'RegattaPagesContested']),
      ),
    { timeout: 40_000, interval: 500 },
  )
  // Each is about its own crawl.
  const own = await prometheus.query('ALERTS{alertname="RegattaPagesContested"}')
  expect(own.map(({ metric }) => metric.instance)).toEqual([crawls[1]!.address])
}, 45_000)

test('what a crawl serves has the names and the form that Prometheus asks for', async () => {
  const text = await (await fetch(`http://${crawls[0]!.address}/metrics`)).text()
  expect(await promtool(['check', 'metrics'], text)).toEqual({ ok: true, said: '' })
})

test('the configuration and the rules are sound', async () => {
  const { ok, said } = await promtool(['check', 'config', deployed('prometheus/prometheus.yml')])
  expect(ok, said).toBe(true)
})

test('each alert fires for what it is about, and none for a crawl that is well', async () => {
  const { ok, said } = await promtool(['test', 'rules', 'test/metrics/alerts.test.yml'])
  expect(ok, said).toBe(true)
})
