import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, keepFetching, numberOf, openScene, proxyList } from './simulation.ts'

const limited: SimulatedAttempt = { afterMs: 40, status: 429, headers: { 'retry-after': '120' } }
const second = 1_000

describe('fault 4: 429 with Retry-After 120', () => {
  it.each([1, 2])('on one exit leaves that exit alone and rotates to the others (seed %i)', async (seed) => {
    const from = 30 * second
    const scene = await openScene(
      { proxies: proxyList(10), politeness: { interval: 1_000 }, budgets: { target: 1, blocked: 1 }, seed },
      (call, now) => {
        const isLimited = call.request.url.includes('limited.test') && numberOf(call) === 1
        return isLimited && now >= from ? limited : good
      },
    )
    const strict = keepFetching(scene, 'limited.test', 20)
    const other = keepFetching(scene, 'other.test', 20)
    await scene.clock.advance(from + 600 * second)

    const ofExit = scene.transport.visits.filter(
      ({ proxy, host }) => proxy.includes('10.0.0.1:') && host === 'limited.test',
    )
    const refusals = ofExit.filter(({ status }) => status === 429)
    expect(refusals.length).toBeGreaterThanOrEqual(4)
    expectNoneBefore(ofExit, 120 * second)
    // The nine others do the work of nine: it was never the host that slowed us down.
    expect(scene.log.hostStates.filter(({ to }) => to === 'throttled')).toEqual([])
    expect(strict.rate(from, from + 600 * second)).toBeGreaterThan(0.9 * 9)
    // The exit is as good as ever elsewhere.
    expect(other.rate(from, from + 600 * second)).toBeGreaterThan(0.9 * 10)
    await strict.stop()
    await other.stop()
    expect([...strict.failures, ...other.failures]).toEqual([])
    await scene.end()
  })

  it.each([1, 2])('on all exits pauses the host until then, and no other (seed %i)', async (seed) => {
    const window = { from: 30 * second, to: 60 * second }
    // Which exits come in which tenth of a second decides how often the pace is raised: nobody is compared.
    const scene = await openScene(
      {
        proxies: proxyList(10),
        trust: 'blind',
        politeness: { interval: 1_000 },
        budgets: { target: 1, blocked: 1 },
        seed,
      },
      (call, now) => {
        const isLimited = call.request.url.includes('limited.test')
        return isLimited && now >= window.from && now < window.to ? limited : good
      },
    )
    const strict = keepFetching(scene, 'limited.test', 20)
    const other = keepFetching(scene, 'other.test', 20)
    await scene.clock.advance(400 * second)

    const visits = scene.transport.visits.filter(({ host }) => host === 'limited.test')
    const refusals = visits.filter(({ status }) => status === 429)
    // Three exits prove that it is the host; besides them only what was in flight already.
    expect(refusals.length).toBeLessThanOrEqual(10)
    const lastRefusal = Math.max(...refusals.map(({ until }) => until))
    const after = visits.filter(({ at }) => at > lastRefusal)
    expect(Math.min(...after.map(({ at }) => at))).toBeGreaterThanOrEqual(lastRefusal + 120 * second)
    expectNoneBefore(visits, 120 * second)
    expect(scene.log.hostStates.map(({ host, to }) => `${host} ${to}`)).toEqual([
      'limited.test throttled',
      'limited.test serving',
    ])
    expect(
      scene.log.parked.some(
        ({ host, reason, until }) => host === 'limited.test' && reason === 'throttled' && until! > 0,
      ),
    ).toBe(true)
    expect(
      scene.log.parked.filter(({ host, reason }) => host === 'other.test' && reason === 'throttled'),
    ).toEqual([])
    expect(other.rate(window.from, 180 * second)).toBeGreaterThan(0.9 * 10)
    expect(strict.rate(lastRefusal + 135 * second, lastRefusal + 200 * second)).toBeGreaterThan(0.9 * 10)
    await strict.stop()
    await other.stop()
    // A rate limit costs no task anything, however small its budgets are.
    expect([...strict.failures, ...other.failures]).toEqual([])
    await scene.end()
  })
})

/** By the origin's books: after a refusal, no request of that exit to that host starts before `wait` has passed. */
function expectNoneBefore(
  visits: readonly { at: number; until: number; proxy: string; status: number | undefined }[],
  wait: number,
) {
  for (const refusal of visits.filter(({ status }) => status === 429)) {
    const early = visits.filter(
      ({ proxy, at }) => proxy === refusal.proxy && at > refusal.until && at < refusal.until + wait,
    )
    expect(early, `too early after ${refusal.until}`).toEqual([])
  }
}
