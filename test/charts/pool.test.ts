import { describe, expect, it } from 'vitest'
import { host, play, type Script, second } from './scripted.ts'

/** Each arrow of the pool's chart, as a user of the crawler notices it: a test fails when the arrow is taken out. */
const stats = ({ crawler }: Script) => crawler.stats().hosts[host]!

/** What is told of a host that serves: no reason, and no time to wait for. */
const untroubled = { state: 'serving', reason: '', until: undefined }

/** Three exits are told to slow down: then it is the host that limits us. */
async function throttle(script: Script, more: Promise<unknown>[] = []): Promise<Promise<unknown>[]> {
  const tasks = [1, 2, 3].map((proxy) => script.fetch('/limited?after=60', proxy))
  await script.clock.advance(100)
  expect(stats(script).state).toBe('throttled')
  return [...tasks, ...more]
}

/** What was limited comes through from now on. */
const relent = (script: Script) => {
  script.world = (path) => (path === '/limited' || path === '/failing' ? { afterMs: 50 } : undefined)
}

describe('a host that asks us to slow down', () => {
  it('gets nothing, over fresh exits either, until the pause is over; who asks meanwhile waits', async () => {
    const script = await play(6)
    const tasks = await throttle(script)
    relent(script)
    const asked = script.fetch('/ok')
    await script.clock.advance(59 * second)
    expect(script.startsOf()).toHaveLength(3)
    expect(stats(script).state).toBe('throttled')
    await script.clock.advance(2 * second)
    expect(await script.until(asked)).toBe(200)
    await script.until(Promise.all(tasks))
    expect(script.hostStates()).toEqual(['serving → throttled', 'throttled → serving'])
    expect(stats(script)).toMatchObject(untroubled)
    expect(script.hostChanges()[1]).toMatchObject({ to: 'serving', until: undefined })
    await script.end()
  })

  it('is waited for longer when an attempt that was under way is told a longer pause, and no shorter', async () => {
    for (const [after, pause] of [
      [120, 120],
      [5, 60],
    ] as const) {
      const script = await play(6)
      const late = script.fetch(`/limited?after=${after}&ms=500`, 4)
      const tasks = await throttle(script, [late])
      await script.clock.advance(second)
      relent(script)
      tasks.push(script.fetch('/ok', 5))
      await script.clock.advance((pause - 3) * second)
      expect(script.startsOf(5), `after ${after} s`).toEqual([])
      await script.clock.advance(4 * second)
      expect(script.startsOf(5)).toHaveLength(1)
      await script.until(Promise.all(tasks))
      await script.end()
    }
  })

  it('is down when attempts that were under way fail in a row, and the canary does not wait for the pause', async () => {
    const script = await play(8)
    await script.warm()
    const failing = [4, 5, 6].map((proxy) => script.fetch('/failing?ms=500', proxy))
    const tasks = await throttle(script, failing)
    await script.clock.advance(second)
    expect(script.hostStates()).toEqual(['serving → throttled', 'throttled → down'])
    const down = script.hostChanges()[1]!
    expect(down).toMatchObject({ reason: 'status-500', until: down.at + 5 * second })
    expect(stats(script)).toMatchObject({ state: 'down', reason: 'status-500', until: down.until })
    relent(script)
    tasks.push(script.fetch('/ok'))
    await script.clock.advance(6 * second)
    expect(script.startsOf().find((at) => at > down.at)).toBeLessThan(down.at + 6 * second)
    await script.until(Promise.all(tasks))
    expect(stats(script).state).toBe('serving')
    await script.end()
  })
})

/** Three exits fail in a row at a host that always answered. */
async function bringDown(script: Script, more: Promise<unknown>[] = []): Promise<Promise<unknown>[]> {
  await script.warm()
  const tasks = [...more, ...[1, 2, 3].map((proxy) => script.fetch('/failing', proxy))]
  await script.clock.advance(100)
  expect(stats(script).state).toBe('down')
  return tasks
}

describe('a host that is ill', () => {
  it('gets one canary each five seconds, from those who ask meanwhile too, and serves all when it answers', async () => {
    const script = await play(8)
    const tasks = await bringDown(script)
    script.world = () => ({ afterMs: 50, status: 500 })
    const from = script.clock.now()
    tasks.push(script.fetch('/ok'), script.fetch('/ok'))
    await script.clock.advance(60 * second)
    const canaries = script.startsOf().filter((at) => at > from)
    expect(canaries.length).toBeGreaterThanOrEqual(4)
    for (const [index, at] of canaries.entries()) {
      expect(at - (canaries[index - 1] ?? from - 5 * second)).toBeGreaterThanOrEqual(4_900)
    }
    script.world = () => ({ afterMs: 50 })
    await script.until(Promise.all(tasks), 30 * second)
    expect(script.hostStates()).toEqual(['serving → down', 'down → serving'])
    expect(stats(script)).toMatchObject(untroubled)
    expect(script.hostChanges()[1]).toMatchObject({ to: 'serving', until: undefined })
    await script.end()
  })

  it('is not ill but busy when attempts that were under way are told to slow down', async () => {
    const script = await play(9)
    await script.warm()
    const limited = [4, 5, 6].map((proxy) => script.fetch('/limited?after=120&ms=500', proxy))
    const failing = [1, 2, 3].map((proxy) => script.fetch('/failing', proxy))
    await script.clock.advance(100)
    expect(stats(script).state).toBe('down')
    const asked = script.fetch('/ok')
    await script.clock.advance(second)
    relent(script)
    const from = script.clock.now()
    await script.clock.advance(115 * second)
    expect(script.hostStates()).toEqual(['serving → down', 'down → throttled'])
    expect(script.startsOf().filter((at) => at > from)).toEqual([])
    expect(await script.until(asked)).toBe(200)
    await script.until(Promise.all([...limited, ...failing]))
    await script.end()
  })
})

/** Every proxy is taken out by hand. */
const takeAllOut = ({ crawler, ids }: Script) => {
  for (const id of ids) crawler.isolate(id)
}
const letAllIn = ({ crawler, ids }: Script) => {
  for (const id of ids) crawler.readmit(id)
}

describe('a host for which no proxy is left', () => {
  it('keeps those who ask, and serves them when a proxy is back', async () => {
    const script = await play(3)
    takeAllOut(script)
    const first = script.fetch('/ok')
    await script.clock.advance(second)
    expect(stats(script)).toMatchObject({ state: 'starved', waiting: 1 })
    const starved = script.hostChanges()[0]!
    expect(starved.reason).toBe('no proxy is closed')
    expect(starved.until).toBeGreaterThan(starved.at)
    const asked = script.fetch('/ok')
    await script.clock.advance(second)
    expect(stats(script)).toMatchObject({ state: 'starved', waiting: 2 })
    letAllIn(script)
    expect(await script.until(Promise.all([first, asked]))).toEqual([200, 200])
    expect(script.hostStates()).toEqual(['serving → starved', 'starved → serving'])
    expect(stats(script)).toMatchObject(untroubled)
    expect(script.hostChanges()[1]).toMatchObject({ to: 'serving', until: undefined })
    await script.end()
  })

  it('says when the next chance is, also when another host has taken the last one', async () => {
    const script = await play(1, { breaker: { base: 4_000 } })
    await script.until(script.fetch('/refused', 1))
    expect(script.crawler.proxies()[0]!.state).toBe('open')
    const gone = new AbortController()
    const first = script.fetch('/ok', undefined, gone.signal)
    await script.clock.advance(10)
    expect(stats(script).state).toBe('starved')
    gone.abort()
    await script.until(first)
    // The one proxy is asked for the other host as soon as its cooldown is over, and hangs there.
    script.world = () => ({ afterMs: 9_000 })
    const other = script.crawler.fetch('http://other.test/')
    await script.clock.runUntil(() => script.crawler.stats().hosts['other.test']!.inFlight === 1)
    await script.clock.advance(2 * second)
    const asked = script.fetch('/ok')
    await script.clock.advance(10)
    expect(stats(script).state).toBe('starved')
    expect(stats(script).until).toBeGreaterThan(script.clock.now())
    await script.until(Promise.all([other, asked]))
    await script.end()
  })

  it.each([
    { path: '/failing?ms=2000', to: 'down', reason: 'status-500', seconds: 5 },
    { path: '/limited?after=60&ms=2000', to: 'throttled', reason: 'status-429', seconds: 60 },
  ])('is still judged by what was under way: $path', async ({ path, to, reason, seconds }) => {
    const script = await play(4)
    await script.warm()
    const tasks: Promise<unknown>[] = [1, 2, 3].map((proxy) => script.fetch(path, proxy))
    await script.clock.advance(100)
    takeAllOut(script)
    tasks.push(script.fetch('/ok'))
    await script.clock.advance(3 * second)
    expect(script.hostStates()).toEqual(['serving → starved', `starved → ${to}`])
    const { at, ...change } = script.hostChanges()[1]!
    expect(change).toEqual({ to, reason, until: at + seconds * second })
    expect(stats(script)).toMatchObject({ state: to, reason, until: change.until })
    relent(script)
    letAllIn(script)
    await script.until(Promise.all(tasks))
    await script.end()
  })
})

describe('a crawler that stops', () => {
  it('tells those who wait for a lease, and those who ask while it stops, that there is none', async () => {
    const script = await play(1)
    script.crawler.isolate(script.ids[0]!)
    const codes: string[] = []
    const ask = () =>
      script.crawler.lease(host).then(
        () => codes.push('granted'),
        (error: { code: string }) => codes.push(error.code),
      )
    const waiting = ask()
    let late: Promise<unknown> | undefined
    script.crawler.on('host.state', ({ to }) => {
      if (to === 'draining') late = ask()
    })
    await script.clock.advance(second)
    await script.crawler.stop()
    await script.until(Promise.all([waiting, late]), 10 * second)
    await script.until(ask())
    expect(codes).toEqual(['STOPPED', 'STOPPED', 'STOPPED'])
  })
})
