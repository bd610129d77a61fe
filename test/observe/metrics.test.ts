import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { attachMetrics, metricsFor } from '../../src/observe/metrics.ts'
import { hostReading, ObservedStation, statsReading } from '../cli/readings.ts'

const task = { task: 't1', url: 'http://secret.example/path', method: 'GET', host: 'secret.example' }
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

describe('metrics', () => {
  test('tasks and attempts are counted by verdict, times in seconds', async () => {
    const crawler = new ObservedStation()
    const { registry } = attachMetrics(crawler)
    crawler.emit('outcome', outcome)
    crawler.emit('outcome', { ...outcome, verdict: 'dead', reason: 'dial-refused', bytes: 0 })
    crawler.emit('task.settled', {
      ...task,
      ok: true,
      verdict: 'success',
      reason: 'ok',
      attempts: 2,
      answeredBy: 2,
      hedges: 1,
      elapsedMs: 300,
    })
    const text = await registry.metrics()
    expect(text).toContain('crawler_attempts_total{outcome="dead"} 1')
    expect(text).toContain('crawler_tasks_total{outcome="success"} 1')
    expect(text).toContain('crawler_bytes_total 2000')
    expect(text).toContain('crawler_hedges_total 1')
    expect(text).toContain('crawler_task_duration_seconds_sum 0.3')
    expect(text).toContain('crawler_race_width_sum 2')
  })

  test('no label carries a URL, a host or a proxy', async () => {
    const crawler = new ObservedStation()
    crawler.reading = statsReading({ hosts: { 'secret.example': hostReading({ state: 'down' }) } })
    const { registry } = attachMetrics(crawler)
    crawler.emit('outcome', outcome)
    crawler.emit('proxy.state', {
      proxy: outcome.proxy,
      host: 'secret.example',
      from: 'closed',
      to: 'open',
      reason: 'run',
      until: 1,
    })
    crawler.emit('request.dead', {
      crawl: 'shop-1',
      request: 'r',
      url: task.url,
      host: task.host,
      code: 'target-faults',
      detail: 'secret.example is ill',
    })
    const text = await registry.metrics()
    expect(text).toContain('crawler_dlq_total{class="target-faults"} 1')
    expect(text).not.toContain('secret.example')
    expect(text).not.toContain('192.0.2.1')
  })

  test('gauges are read when somebody asks', async () => {
    const crawler = new ObservedStation()
    const { registry } = attachMetrics(crawler)
    crawler.reading = statsReading({
      hosts: { 'a.example': hostReading({ state: 'down' }), 'b.example': hostReading() },
    })
    const text = await registry.metrics()
    expect(text).toContain('crawler_proxy_breaker{state="closed"} 17')
    expect(text).toContain('crawler_frontier_hosts{state="down"} 1')
    expect(text).toContain('crawler_tasks_open{state="racing"} 3')
  })

  test('each proxy is counted in one state, so that the states add up to all of them', async () => {
    const crawler = new ObservedStation()
    const { registry } = attachMetrics(crawler)
    const proxies = {
      total: 21,
      healthy: 9,
      untried: 4,
      failing: 3,
      open: 4,
      halfOpen: 1,
      isolated: 2,
      retired: 2,
    }
    crawler.reading = statsReading({ proxies })
    const text = await registry.metrics()
    for (const name of ['crawler_proxies', 'crawler_proxy_breaker']) {
      const counts = [...text.matchAll(new RegExp(`^${name}\\{state="(\\w+)"\\} (\\d+)$`, 'gm'))]
      expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(proxies.total)
    }
    expect(text).toContain('crawler_proxies{state="healthy"} 5')
    expect(text).toContain('crawler_proxies{state="untried"} 4')
  })

  test('a registry serves one crawler at a time', () => {
    const registry = new Registry()
    const crawler = new ObservedStation()
    const { detach } = attachMetrics(crawler, { registry })
    expect(() => attachMetrics(new ObservedStation(), { registry })).toThrow(/another prefix/)
    detach()
    expect(crawler.events.eventNames()).toEqual([])
    expect(registry.getMetricsAsArray()).toEqual([])
    attachMetrics(new ObservedStation(), { registry })
  })

  test('what was counted for one host can be asked for', () => {
    const crawler = new ObservedStation()
    crawler.reading = statsReading({ hosts: { 'a.example': hostReading({ attempts: 7 }) } })
    expect(metricsFor(crawler, 'a.example')?.attempts).toBe(7)
    expect(metricsFor(crawler, 'toString')).toBeUndefined()
  })
})
