import { type Clock, systemClock } from '../src/base/clock.ts'
import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { load } from './overhead.ts'
import { checkMethod, measureAllocation } from './profile/allocation.ts'
import { sampleCpu } from './profile/hot.ts'
import { rawClient } from './raw.ts'
import { median, type Report } from './report.ts'

/**
 * What a request costs the engine besides time: bytes of heap, collections, events of actors, timers, and which functions
 * the time goes to. Twenty clean proxies, 64 in flight, 2 KB bodies, hedging armed, as in overhead.ts. Each figure has a
 * run of its own, so that none is measured while another instrument is in the way. Nothing is promised here.
 */
const inFlight = 64

export async function profile(
  report: Report,
  { requests = 20_000, rounds = 3, top = 15 } = {},
): Promise<void> {
  await using lab = await startLabProcess(findScenario('clean-20'))
  const url = `${Object.values(lab.origins)[0]!.url}/bytes/2048`
  const raw = rawClient(lab, url)
  const open: Open = { proxies: [...lab.proxies], politeness: false, capacity: 10_000 }
  await using crawler = await createCrawler(open)
  const ours = async () => {
    await (await crawler.fetch(url)).arrayBuffer()
  }
  await load(raw.fetch, requests, inFlight)
  await load(ours, requests, inFlight)

  const allocations = { raw: [] as number[], ours: [] as number[] }
  const shares = { raw: [] as number[], ours: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const [name, one] of [['raw', raw.fetch] as const, ['ours', ours] as const]) {
      globalThis.gc?.()
      const { bytes, gcMs, wallMs } = await measureAllocation(() => load(one, requests, inFlight))
      allocations[name].push(bytes / requests)
      shares[name].push(gcMs / wallMs)
    }
  }
  await raw.close()
  const row = (name: string, key: 'raw' | 'ours') => [
    name,
    (median(allocations[key]) / 1_024).toFixed(1),
    percent(median(shares[key])),
  ]
  report.table(
    `Profile: heap that a request allocates (median of ${rounds} runs of ${requests})`,
    ['', 'KiB/request', 'time in collections'],
    [row('raw undici', 'raw'), row('crawler.fetch', 'ours')],
  )
  report.figure('the method finds, of a known amount', await checkMethod(), percent)

  const counts = await countEvents(open, url, requests)
  report.table(
    'Profile: what a request sets in motion',
    ['', 'per request'],
    [...counts].map(([name, count]) => [name, count.toFixed(3)]),
  )

  const { functions, owners } = await sampleCpu(() => load(ours, requests * 2, inFlight))
  report.table(
    'Profile: whose code the time is spent in',
    ['', 'self time'],
    owners.slice(0, 8).map(({ name, share }) => [name, percent(share)]),
  )
  report.table(
    'Profile: the functions of regatta that take most',
    ['', 'self time'],
    functions.slice(0, top).map(({ name, share }) => [name, percent(share)]),
  )
}

type Open = Parameters<typeof createCrawler>[0]

/** Counts after a warm-up, with an inspector attached and a clock that counts who asks it. */
async function countEvents(open: Open, url: string, requests: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  const clock: Clock = {
    now() {
      count('readings of the clock')
      return systemClock.now()
    },
    wall() {
      count('readings of the wall clock')
      return systemClock.wall()
    },
    after(ms, fire) {
      count('timers of the runtime')
      return systemClock.after(ms, fire)
    },
    soon(fire) {
      count('batches of answers')
      systemClock.soon(fire)
    },
  }
  await using crawler = await createCrawler({ ...open, clock })
  const one = async () => {
    await (await crawler.fetch(url)).arrayBuffer()
  }
  await load(one, requests / 2, inFlight)
  crawler.inspect((event) => {
    if (event.type === '@xstate.actor') count('actors created')
    if (event.type !== '@xstate.event') return
    count('events of actors')
    count(event.event.type === 'xstate.stop' ? 'actors stopped' : `  ${event.event.type}`)
  })
  const before = crawler.stats()
  counts.clear()
  await load(one, requests, inFlight)
  const after = crawler.stats()
  counts.set('attempts', after.attempts - before.attempts)
  counts.set('hedges', after.hedges - before.hedges)
  for (const name of ['actors created', 'actors stopped']) counts.set(name, counts.get(name) ?? 0)
  return new Map([...counts].sort(byName).map(([name, total]) => [name, total / requests]))
}

/** Kinds of events stand below their sum. */
function byName([one]: [string, number], [other]: [string, number]): number {
  const key = (name: string) => (name.startsWith('  ') ? `events of actors ${name}` : name)
  return key(one) < key(other) ? -1 : 1
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`
