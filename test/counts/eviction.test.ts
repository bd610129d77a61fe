import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt, SimulatedStep } from '../../src/sim/transport.ts'
import { scriptedProvider } from '../faults/scripted-provider.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** A proxy that works at no host is shut out everywhere, and comes back; a host that is ill takes none away. */
const breaksOff: SimulatedAttempt = { afterMs: 50, fault: { phase: 'headers', cause: 'reset' } }
const refused: SimulatedAttempt = { afterMs: 50, status: 403 }
const unavailable: SimulatedAttempt = { afterMs: 50, status: 503 }
const minute = 60_000

const options: CrawlerOptions = {
  proxies: proxyList(6),
  politeness: false,
  trust: 'blind',
  strategy: 'round-robin',
  budgets: { target: 1_000, blocked: 1_000 },
}
const hosts = ['one.test', 'two.test', 'three.test', 'four.test', 'five.test', 'six.test']

/** So many pages of each host, a round after the other. */
async function ask(scene: Scene, names: readonly string[], times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const pages = names.map((host) => scene.crawler.fetch(`http://${host}/${scene.attempts.length}/${n}`))
    await scene.until(Promise.all(pages))
  }
}

const counts = ({ crawler }: Scene) => crawler.stats().proxies
const evictions = ({ log }: Scene) =>
  log.proxyStates.filter(
    ({ host, reason, to }) => host === undefined && reason === 'works-nowhere' && to !== 'closed',
  )

/** The first of the six proxies does this, the others are well. */
const firstDoes =
  (step: (now: number) => SimulatedStep) => (call: Parameters<typeof numberOf>[0], now: number) =>
    numberOf(call) === 1 ? step(now) : good

describe('a proxy that fails at every host', () => {
  it.each([
    ['breaks off', breaksOff],
    ['is refused', refused],
  ])('and %s is shut out for all, until a probe shows that it is well', async (_what, step) => {
    let isWell = false
    const scene = await openScene(
      options,
      firstDoes(() => (isWell ? good : step)),
    )
    await ask(scene, hosts.slice(0, 5), 12)
    expect(evictions(scene)).toEqual([expect.objectContaining({ from: 'closed', to: 'open' })])
    expect(counts(scene)).toMatchObject({ total: 6, healthy: 5, failing: 0, open: 1 })
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'open', reason: 'works-nowhere' })
    // A host that was never asked does not try it.
    const from = scene.attempts.length
    await ask(scene, ['seven.test'], 6)
    expect(scene.attempts.slice(from).filter(({ proxy }) => proxy.includes('10.0.0.1:'))).toEqual([])
    // Its probe fails: the next one comes later.
    await scene.clock.advance(minute)
    await ask(scene, hosts, 6)
    expect(counts(scene)).toMatchObject({ healthy: 5, open: 1 })
    expect(evictions(scene).filter(({ to }) => to === 'open').length).toBeGreaterThan(1)
    isWell = true
    await scene.clock.advance(10 * minute)
    await ask(scene, hosts, 12)
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0, halfOpen: 0 })
    await scene.end()
  })

  it('is asked by one request at a time while it is half-open', async () => {
    let running = 0
    let most = 0
    let afterMs = 50
    const scene = await openScene(
      options,
      firstDoes(() => {
        most = Math.max(most, ++running)
        return { ...breaksOff, afterMs, over: () => running-- }
      }),
    )
    await ask(scene, hosts.slice(0, 5), 12)
    expect(counts(scene).open).toBe(1)
    await scene.clock.advance(2 * minute)
    most = 0
    afterMs = 400
    const before = scene.attempts.length
    await scene.until(
      Promise.all(Array.from({ length: 120 }, (_, n) => scene.crawler.fetch(`http://${hosts[n % 6]}/p${n}`))),
    )
    const probes = scene.attempts.slice(before).filter(({ proxy }) => proxy.includes('10.0.0.1:'))
    expect(probes.length).toBeGreaterThanOrEqual(1)
    expect(most).toBe(1)
    await scene.end()
  })

  it('counts as failing until it is shut out, and stays so where nothing shuts it out', async () => {
    const scene = await openScene(
      { ...options, eviction: false },
      firstDoes(() => refused),
    )
    await ask(scene, hosts, 7)
    expect(counts(scene)).toMatchObject({ failing: 1 })
    await ask(scene, hosts, 20)
    expect(evictions(scene)).toEqual([])
    expect(counts(scene)).toMatchObject({ healthy: 5, failing: 1, open: 0 })
    const { failing, failures, openAtCount, openAt } = scene.crawler.proxies()[0]!
    expect({ failing, openAtCount }).toEqual({ failing: true, openAtCount: 6 })
    expect(failures).toBeGreaterThan(10)
    expect([...openAt].sort()).toEqual([...hosts].sort())
    await scene.end()
  })

  it('is shut out after as many failures as `samples` says, at two sites and not at one', async () => {
    const few = { ...options, eviction: { samples: 4 } }
    const lonely = await openScene(
      few,
      firstDoes(() => breaksOff),
    )
    await ask(lonely, ['one.test'], 60)
    expect(evictions(lonely)).toEqual([])
    expect(counts(lonely)).toMatchObject({ healthy: 5, failing: 1 })
    expect(lonely.crawler.hostStats('one.test')!.proxies).toMatchObject({ healthy: 5, open: 1 })
    await lonely.end()
    const scene = await openScene(
      few,
      firstDoes(() => breaksOff),
    )
    await ask(scene, ['one.test', 'www.one.test'], 8)
    expect(evictions(scene), 'two hosts of one site').toEqual([])
    await ask(scene, ['two.test'], 20)
    expect(evictions(scene)).toHaveLength(1)
    await scene.end()
  })

  it('comes back at a refresh alone, where `back` says so', async () => {
    const provider = scriptedProvider(proxyList(6))
    const scene = await openScene(
      { ...options, proxies: provider, eviction: { back: 'refresh' } },
      firstDoes(() => breaksOff),
    )
    await ask(scene, hosts, 12)
    expect(evictions(scene)).toEqual([expect.objectContaining({ to: 'retired' })])
    await scene.clock.advance(24 * 60 * minute)
    await ask(scene, hosts, 6)
    expect(counts(scene)).toMatchObject({ healthy: 5, retired: 1 })
    await scene.until(scene.crawler.refresh())
    expect(counts(scene)).toMatchObject({ healthy: 6, retired: 0 })
    await scene.end()
  })

  it('is probed before its time when its list is read again', async () => {
    const provider = scriptedProvider(proxyList(6))
    let isWell = false
    const scene = await openScene(
      { ...options, proxies: provider },
      firstDoes(() => (isWell ? good : breaksOff)),
    )
    await ask(scene, hosts.slice(0, 5), 12)
    expect(counts(scene).open).toBe(1)
    isWell = true
    await scene.until(scene.crawler.refresh())
    expect(counts(scene)).toMatchObject({ open: 0, halfOpen: 1 })
    await ask(scene, hosts, 12)
    expect(counts(scene)).toMatchObject({ healthy: 6, halfOpen: 0 })
    await scene.end()
  })

  it('is known for that in the next run, too', async () => {
    const state = mkdtempSync(join(tmpdir(), 'regatta-evicted-'))
    onTestFinished(() => rmSync(state, { recursive: true, force: true }))
    const kept = { ...options, state }
    const first = await openScene(
      kept,
      firstDoes(() => breaksOff),
    )
    await ask(first, hosts.slice(0, 5), 12)
    expect(counts(first).open).toBe(1)
    await first.end()
    const provider = scriptedProvider(proxyList(6))
    const second = await openScene(
      { ...kept, proxies: provider },
      firstDoes(() => breaksOff),
    )
    expect(second.crawler.proxies()[0]).toMatchObject({ state: 'open', reason: 'works-nowhere' })
    await second.until(second.crawler.refresh())
    expect(counts(second)).toMatchObject({ open: 0, halfOpen: 1 })
    // One failure is enough, where others get through.
    await ask(second, hosts, 12)
    expect(counts(second)).toMatchObject({ open: 1, halfOpen: 0 })
    await second.end()
  })

  it('is not known any more when it is let in by hand', async () => {
    const scene = await openScene(
      options,
      firstDoes(() => breaksOff),
    )
    await ask(scene, hosts.slice(0, 5), 12)
    scene.crawler.readmit(scene.crawler.proxies()[0]!.id)
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0 })
    await scene.end()
  })

  it('after thousand good answers counts as failing when it has failed eight times', async () => {
    let isWell = true
    const scene = await openScene(
      { ...options, eviction: false },
      firstDoes(() => (isWell ? good : breaksOff)),
    )
    await ask(scene, hosts, 20)
    isWell = false
    const failures = () => scene.crawler.proxies()[0]!.failures
    while (failures() < 7) await ask(scene, hosts.slice(0, 1), 1)
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0 })
    while (failures() < 8) await ask(scene, hosts.slice(0, 1), 1)
    expect(counts(scene)).toMatchObject({ healthy: 5, failing: 1 })
    await scene.end()
  })

  it('or never says a word before others have answered, counts as failing, and is not shut out for it', async () => {
    const scene = await openScene(
      { ...options, strategy: 'random' },
      firstDoes(() => ({ afterMs: 9_000 })),
    )
    await ask(scene, hosts, 40)
    const { verdicts, proxies } = scene.crawler.stats()
    expect([verdicts.dead, verdicts.transient]).toEqual([0, 0])
    expect(proxies).toMatchObject({ healthy: 5, failing: 1, open: 0 })
    await scene.end()
  })
})

it('while nothing has come over any proxy, those that were asked are not called well', async () => {
  let isWell = false
  const scene = await openScene({ ...options, budgets: {} }, () => (isWell ? good : breaksOff))
  const asked = hosts.flatMap((host) =>
    [1, 2].map((n) => scene.crawler.fetch(`http://${host}/${n}`, { deadline: 30_000 }).catch(() => {})),
  )
  await scene.until(Promise.all(asked))
  expect(counts(scene)).toMatchObject({ total: 6, healthy: 0, failing: 6 })
  isWell = true
  await scene.clock.advance(minute)
  await ask(scene, hosts, 6)
  expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0 })
  await scene.end()
})

describe('no proxy is shut out', () => {
  const dark = (from: number, to: number, step: SimulatedAttempt) =>
    openScene(options, (call, now) =>
      now >= from && now < to && !call.request.url.includes('well.test') ? step : good,
    )

  it.each([
    ['answers 503', unavailable],
    ['refuses everybody', refused],
    ['breaks off', breaksOff],
  ])('when all hosts fail for all: each %s', async (_what, step) => {
    const scene = await dark(5_000, 15 * minute, step)
    await ask(scene, hosts, 6)
    await scene.clock.advance(5_000)
    const waiting = hosts.flatMap((host) =>
      Array.from({ length: 10 }, (_, n) => scene.crawler.fetch(`http://${host}/late/${n}`).catch(() => {})),
    )
    await scene.clock.advance(20 * minute)
    await scene.until(Promise.all(waiting))
    expect(evictions(scene)).toEqual([])
    await ask(scene, hosts, 12)
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0 })
    await scene.end()
  })

  it('when pages refuse everybody at hosts that serve others', async () => {
    const scene = await openScene({ ...options, budgets: {} }, (call) =>
      call.request.url.includes('/private') ? refused : good,
    )
    for (let n = 0; n < 30; n++) {
      const both = hosts.flatMap((host) => [
        scene.crawler.fetch(`http://${host}/${n}`),
        scene.crawler.fetch(`http://${host}/private/${n}`).catch(() => {}),
      ])
      await scene.until(Promise.all(both))
    }
    expect(evictions(scene)).toEqual([])
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0 })
    await scene.end()
  })

  it('when every host limits it', async () => {
    const limited: SimulatedAttempt = { afterMs: 50, status: 429, headers: { 'retry-after': '1' } }
    const scene = await openScene(
      options,
      firstDoes(() => limited),
    )
    await ask(scene, hosts, 20)
    expect(evictions(scene)).toEqual([])
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0 })
    expect(scene.crawler.proxies()[0]).toMatchObject({
      failures: 0,
      failing: false,
      lastReason: 'status-429',
    })
    await scene.end()
  })

  it('when two of its hosts refuse it, and a third does not', async () => {
    const scene = await openScene({ ...options, eviction: { samples: 4, hosts: 2 } }, (call) =>
      numberOf(call) === 1 && /one|two/.test(call.request.url) ? refused : good,
    )
    await ask(scene, ['three.test', 'one.test', 'two.test'], 40)
    expect(counts(scene)).toMatchObject({ healthy: 6, failing: 0, open: 0 })
    const { openAt, openAtCount } = scene.crawler.proxies()[0]!
    expect([openAtCount, [...openAt].sort()]).toEqual([2, ['one.test', 'two.test']])
    await scene.end()
  })
})

it('a proxy whose tags change keeps its record; one that takes the place of another begins anew', async () => {
  const provider = scriptedProvider(proxyList(6))
  const scene = await openScene(
    { ...options, proxies: provider, eviction: false },
    firstDoes(() => breaksOff),
  )
  await ask(scene, hosts, 6)
  expect(counts(scene)).toMatchObject({ failing: 1 })
  const [first, ...others] = proxyList(6)
  provider.current = [`${first} country=DE`, ...others]
  expect(parseProxy(provider.current[0]!).endpoint.tags.country).toBe('DE')
  await scene.until(scene.crawler.refresh())
  expect(counts(scene), 'the same exit, of which more is known').toMatchObject({ total: 6, failing: 1 })
  provider.current = [proxyList(7)[6]!, ...others]
  await scene.until(scene.crawler.refresh())
  expect(counts(scene)).toMatchObject({ total: 6, healthy: 6, untried: 1, failing: 0 })
  await scene.end()
})
