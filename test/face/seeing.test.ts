import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import { drawLatency } from '../../src/lab/latency-distribution.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { type SimulatedAttempt, SimulatedTransport } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList } from '../faults/simulation.ts'

const names = [
  'task.accepted',
  'attempt.started',
  'outcome',
  'task.parked',
  'task.settled',
  'proxy.state',
  'host.state',
  'alert',
] as const

/** A mixed world: a third is slow, a third flaky, one in nine dead. */
function mixed(seed: number): (proxy: number, now: number) => SimulatedAttempt {
  const random = createRandom(seed)
  return (proxy) => {
    if (proxy % 9 === 0) return { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
    if (proxy % 3 === 1 && random() < 0.4) return { afterMs: 30, fault: { phase: 'headers', cause: 'reset' } }
    const medianMs = proxy % 3 === 2 ? 900 : 120
    return { afterMs: drawLatency({ kind: 'lognormal', medianMs, sigma: 0.5 }, random) }
  }
}

async function record(seed: number): Promise<string> {
  const clock = createVirtualClock()
  const world = mixed(7)
  const transport = new SimulatedTransport(clock, { attempt: (call, now) => world(numberOf(call), now) })
  const crawler = await createCrawler({ proxies: proxyList(40), seed, clock, transport })
  const lines: string[] = []
  for (const name of names)
    crawler.on(name, (event: unknown) => lines.push(`${clock.now()} ${name} ${JSON.stringify(event)}`))
  const answers = Array.from({ length: 300 }, (_, n) => crawler.fetch(`http://host-${n % 3}.test/${n}`))
  let isOver = false
  void Promise.allSettled(answers).then(() => {
    isOver = true
  })
  await clock.runUntil(() => isOver)
  await crawler.stop()
  return lines.join('\n')
}

describe('what a crawler tells', () => {
  it('two runs with one seed tell the same story, byte for byte; another seed another one', async () => {
    const first = await record(42)
    expect(first.split('\n').length).toBeGreaterThan(900)
    expect(await record(42)).toBe(first)
    expect(await record(43)).not.toBe(first)
  })

  it('explains every task: each attempt with its outcome, one that won, in order of time', async () => {
    const world = mixed(3)
    const scene = await openScene({ proxies: proxyList(30), seed: 5 }, (call, now) =>
      world(numberOf(call), now),
    )
    await scene.until(
      Promise.all(Array.from({ length: 120 }, (_, n) => scene.crawler.fetch(`http://target.test/${n}`))),
    )
    await scene.clock.advance(60_000)
    let hedged = 0
    for (const { task } of scene.log.settled) {
      const { timeline, acceptedAt, settledAt, answeredBy, verdict, url, host } = scene.crawler.explain(task)!
      expect({ verdict, host, known: url.startsWith('http://target.test/') }).toEqual({
        verdict: 'success',
        host: 'target.test',
        known: true,
      })
      const attempts = timeline.filter(({ step }) => step === 'attempt')
      const outcomes = timeline.filter((each) => each.step === 'outcome')
      expect(outcomes.map(({ attempt }) => attempt).sort()).toEqual(
        attempts.map((each) => each.step === 'attempt' && each.attempt).sort(),
      )
      const winners = outcomes.filter(({ won }) => won).map(({ attempt }) => attempt)
      const [answer] = outcomes.filter(({ attempt }) => attempt === answeredBy)
      // One that was compared with others first has not won at once.
      expect([[], [answeredBy]]).toContainEqual(winners)
      expect(answer).toMatchObject({ verdict: 'success' })
      const times = timeline.map(({ at }) => at)
      expect(times).toEqual(times.toSorted((one, other) => one - other))
      expect(acceptedAt).toBeLessThanOrEqual(times[0]!)
      expect(settledAt).toBeGreaterThanOrEqual(answer!.at)
      if (attempts.length > 1) hedged++
    }
    expect(hedged).toBeGreaterThan(10)
    expect(scene.crawler.explain('t999999')).toBeUndefined()
    await scene.end()
  })

  it('an inspector sees actors while it is attached, costs nothing afterwards, and is detached when it throws', async () => {
    const scene = await openScene({ proxies: proxyList(3), politeness: false }, () => good)
    const types = new Set<string>()
    let seen = 0
    const detach = scene.crawler.inspect(({ type }) => {
      types.add(type)
      seen++
    })
    await scene.until(scene.crawler.fetch('http://target.test/1'))
    expect(types).toContain('@xstate.event')
    detach()
    detach()
    const before = seen
    await scene.until(scene.crawler.fetch('http://target.test/2'))
    expect(seen).toBe(before)

    let calls = 0
    scene.crawler.inspect(() => {
      calls++
      throw new Error('a bad inspector')
    })
    await scene.until(scene.crawler.fetch('http://target.test/3'))
    expect(calls).toBe(1)
    expect(scene.log.alerts.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(/^EXTENSION_FAILED An inspector threw: .*a bad inspector/),
    ])
    await scene.end()
  })

  it('what nobody has heard is told to each who listens later, once, and to nobody who has left', async () => {
    const transport = new SimulatedTransport(createVirtualClock(), { attempt: () => good })
    await using crawler = await createCrawler({ proxies: proxyList(3), transport })
    for (const code of ['LEAK', 'ITEM_INVALID'] as const)
      crawler.announce('alert', { code, message: 'a word' })
    const told: string[] = []
    const listener = (name: string) => (alert: { code: string }) => told.push(`${name} ${alert.code}`)
    const [steady, gone] = [listener('steady'), listener('gone')]
    crawler.on('alert', listener('first')).once('alert', listener('once')).on('alert', steady)
    crawler.on('alert', gone).off('alert', gone)
    const stream = crawler.events({ types: ['alert'] })[Symbol.asyncIterator]()
    expect(await stream.next()).toMatchObject({ value: { type: 'alert', code: 'LEAK' } })
    crawler.off('alert', steady).on('alert', steady)
    await Promise.resolve()
    expect(told).toEqual([
      'first LEAK',
      'first ITEM_INVALID',
      'once LEAK',
      'steady LEAK',
      'steady ITEM_INVALID',
    ])
  })

  it('a listener that throws harms nobody', async () => {
    const scene = await openScene({ proxies: proxyList(3), politeness: false }, () => good)
    for (const name of ['task.accepted', 'attempt.started', 'outcome', 'task.settled', 'alert'] as const) {
      scene.crawler.on(name, () => {
        throw new Error(`listener of ${name}`)
      })
    }
    const answers = await scene.until(
      Promise.all(Array.from({ length: 10 }, (_, n) => scene.crawler.fetch(`http://target.test/${n}`))),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(scene.log.alerts.length).toBeGreaterThan(0)
    await scene.end()
  })
})
