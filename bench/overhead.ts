import { createInspector } from '@statelyai/inspect'
import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { attachMetrics } from '../src/observe/metrics.ts'
import { attachOpenTelemetry } from '../src/observe/opentelemetry.ts'
import { rawClient } from './raw.ts'
import { median, type Report, share } from './report.ts'

/**
 * What the engine costs: `crawler.fetch` against raw undici, both through the same twenty clean SOCKS5 proxies, 64 in
 * flight, 2 KB bodies, in one run and in turns (A B C A B C …), because the machine is shared and its speed drifts. The lab
 * runs in a process of its own. CPU is this process's, user and system. The third is watched by the official inspector of
 * XState, attached anew each time, whose messages go nowhere; the fourth is counted for Prometheus; the fifth is told to
 * OpenTelemetry, of which no SDK runs, and is to cost nothing.
 */
const inFlight = 64

export async function overhead(report: Report, { requests = 20_000, rounds = 5 } = {}): Promise<void> {
  await using lab = await startLabProcess(findScenario('clean-20'))
  const url = `${Object.values(lab.origins)[0]!.url}/bytes/2048`
  const raw = rawClient(lab, url)
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    capacity: 10_000,
  })
  const ours = async () => {
    const response = await crawler.fetch(url)
    const body = await response.arrayBuffer()
    if (body.byteLength !== 2048) throw new Error(`a body of ${body.byteLength} bytes`)
  }
  await load(raw.fetch, requests / 2, inFlight)
  await load(ours, requests / 2, inFlight)
  let messages = 0
  const watched = async (count: number) => {
    const detach = crawler.inspect(createInspector({ send: () => void messages++ }).inspect)
    const cost = await load(ours, count, inFlight)
    detach()
    return cost
  }
  const attached = (attach: () => { detach(): void }) => async (count: number) => {
    const { detach } = attach()
    const cost = await load(ours, count, inFlight)
    detach()
    return cost
  }
  const counted = attached(() => attachMetrics(crawler))
  const told = attached(() => attachOpenTelemetry(crawler))
  await watched(requests / 2)
  await counted(requests / 2)
  messages = 0
  const pairs: Record<'raw' | 'ours' | 'watched' | 'counted' | 'told', Cost>[] = []
  for (let round = 0; round < rounds; round++) {
    pairs.push({
      raw: await load(raw.fetch, requests, inFlight),
      ours: await load(ours, requests, inFlight),
      watched: await watched(requests),
      counted: await counted(requests),
      told: await told(requests),
    })
  }
  await raw.close()
  const rate = (pick: keyof (typeof pairs)[number]) => median(pairs.map((pair) => pair[pick].rate))
  const cpu = (pick: keyof (typeof pairs)[number]) => median(pairs.map((pair) => pair[pick].cpu))
  report.table(
    'Overhead: 20 clean SOCKS5 proxies, 64 in flight, 2 KB',
    ['', 'requests/s', 'CPU µs/request'],
    [
      ['raw undici', rate('raw').toFixed(0), cpu('raw').toFixed(1)],
      ['crawler.fetch', rate('ours').toFixed(0), cpu('ours').toFixed(1)],
      ['crawler.fetch, watched', rate('watched').toFixed(0), cpu('watched').toFixed(1)],
      ['crawler.fetch, metrics', rate('counted').toFixed(0), cpu('counted').toFixed(1)],
      ['crawler.fetch, OpenTelemetry without an SDK', rate('told').toFixed(0), cpu('told').toFixed(1)],
    ],
  )
  const ratio = median(pairs.map((pair) => pair.ours.rate / pair.raw.rate))
  report.atLeast('throughput against raw undici', ratio, 0.75, share)
  const toWatched = median(pairs.map((pair) => pair.watched.rate / pair.ours.rate))
  report.atLeast('throughput watched against not watched', toWatched, 0.8, share)
  const toCounted = median(pairs.map((pair) => pair.counted.rate / pair.ours.rate))
  report.atLeast('throughput with metrics against without', toCounted, 0.75, share)
  const toTold = median(pairs.map((pair) => pair.told.rate / pair.ours.rate))
  report.figure('throughput with OpenTelemetry without an SDK against without', toTold, share)
  report.figure('messages of the inspector a round', Math.round(messages / rounds))
  report.figure(
    'CPU of raw undici ÷ CPU of crawler.fetch',
    median(pairs.map((pair) => pair.raw.cpu / pair.ours.cpu)),
    share,
  )
}

interface Cost {
  /** Requests a second. */
  readonly rate: number
  /** CPU microseconds a request. */
  readonly cpu: number
}

/** Keeps `width` requests in flight until `total` have ended. */
export async function load(one: () => Promise<unknown>, total: number, width: number): Promise<Cost> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  let left = total
  const worker = async () => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: width }, worker))
  const used = process.cpuUsage(cpu)
  return { rate: (total / (performance.now() - start)) * 1_000, cpu: (used.user + used.system) / total }
}
