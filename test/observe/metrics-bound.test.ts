import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/index.ts'
import { metrics, prometheusName } from '../../src/observe/metric-catalogue.ts'
import { attachMetrics } from '../../src/observe/metrics.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'

const html = { 'content-type': 'text/html' }

/** One page on each of so many hosts, over as many proxies; every seventh proxy is dead, every eleventh host fails. */
async function crawl(hosts: number, proxies: number) {
  const politeness = { interval: 0, robots: false } as const
  const scene = await openScene(
    { proxies: proxyList(proxies), seed: 1, concurrency: 200, politeness },
    (call) => {
      const proxy = numberOf(call)
      if (proxy % 7 === 3) return { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
      const isIll = Number(/h(\d+)/.exec(call.request.url)?.[1]) % 11 === 5
      return {
        afterMs: 20,
        status: isIll ? 404 : 200,
        headers: html,
        body: '<p>a page with some words in it</p>',
      }
    },
  )
  const { registry } = attachMetrics(scene.crawler)
  const source = defineSource({
    name: 'many',
    params: z.object({}),
    item: z.object({}),
    *seeds() {
      for (let n = 0; n < hosts; n++) yield `http://h${n}.test/`
    },
    *parse(page) {
      yield page.item({})
    },
  })
  const summary = await scene.until(scene.crawler.crawl(source, {}).run(), 3_600_000)
  const text = await registry.metrics()
  await scene.end()
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { summary, text, series: series.map((line) => line.slice(0, line.lastIndexOf(' '))) }
}

test('a thousand hosts and a thousand proxies give the series that three give', async () => {
  const few = await crawl(12, 12)
  const many = await crawl(1_000, 1_000)
  expect(many.summary.pages).toBeGreaterThan(900)
  expect(many.text).toMatch(/crawler_frontier_hosts\{state="serving"\} \d{2,}/)
  expect(many.series).toEqual(few.series)
  expect(many.series.length).toBeLessThan(350)
  expect(many.text).not.toMatch(/\.test|10\.\d+\.\d+\.\d+|:1080/)
}, 60_000)

test('two metrics never share a name, and each name keeps to the rules of Prometheus', () => {
  const names = Object.values(metrics).map((metric) => prometheusName(metric, 'crawler_'))
  expect(new Set(names).size).toBe(names.length)
  for (const [at, metric] of Object.values(metrics).entries()) {
    expect(names[at]).toMatch(/^crawler_[a-z0-9_]+$/)
    expect(names[at]!.endsWith('_total')).toBe(metric.kind === 'counter')
  }
})
