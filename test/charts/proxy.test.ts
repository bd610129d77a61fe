import { describe, expect, it } from 'vitest'
import type { OwnLease } from '../../src/contracts/own-lease.ts'
import { host, play, type Script, second } from './scripted.ts'

/** Each arrow of the proxy's chart, as a user of the crawler notices it: a test fails when the arrow is taken out. */
const viewOf = ({ crawler, ids }: Script, proxy = 1) =>
  crawler.proxies().find(({ id }) => id === ids[proxy - 1])!
const stateOf = (script: Script, proxy = 1) => viewOf(script, proxy).state
const stateAt = ({ crawler, ids }: Script, proxy = 1) =>
  crawler.reputation().find((row) => row.proxy === ids[proxy - 1] && row.host === host)!.state

/** Opens proxy 1 for the whole fleet: it refuses three times in a row. */
async function open(script: Script): Promise<void> {
  await script.until(script.fetch('/refused', 1))
  expect(stateOf(script)).toBe('open')
}

/** Proxy 1 refuses so many leases, one after the other. */
async function refuse(script: Script, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const lease = await script.lease(1)
    lease.fail({ kind: 'dead', reason: 'dial-refused', hard: true })
  }
}

/** Opens a proxy at the host alone: it is blocked three times in a row. */
async function block(script: Script, proxy: number, times = 3): Promise<void> {
  const leases: OwnLease[] = []
  for (let n = 0; n < times; n++) leases.push(await script.lease(proxy))
  for (const lease of leases) lease.fail('blocked')
}

/** What a listener is told when the proxy is back: nothing is held against it any more. */
const back = { to: 'closed', reason: '', until: undefined }

/** How long each of its cooldowns was to last, in the fleet or at the host. */
const cooldownsOf = (script: Script, proxy: number, at?: string) =>
  script
    .statesOf(proxy, at)
    .filter(({ to }) => to === 'open')
    .map((change) => change.until! - change.at)

/** Its cooldown is over, and a pick has noticed. */
async function untilHalfOpen(script: Script, read: () => string): Promise<void> {
  for (let n = 0; n < 200 && read() === 'open'; n++) {
    await script.clock.advance(100)
    ;(await script.until(script.crawler.lease(host))).fail('neutral')
  }
  expect(read()).toBe('halfOpen')
}

const quick = { breaker: { base: second } }

describe('a closed proxy', () => {
  it('opens after three refusals in a row, and not when a good answer comes between', async () => {
    const script = await play(3)
    await refuse(script, 2)
    await script.until(script.fetch('/ok', 1))
    await refuse(script, 2)
    expect(stateOf(script)).toBe('closed')
    await refuse(script, 1)
    expect(stateOf(script)).toBe('open')
    await script.end()
  })

  it('is not moved by failures from before it was opened and came back', async () => {
    const script = await play(3, quick)
    const late = [1, 2, 3].map(() => script.lease(1))
    const leases = await Promise.all(late)
    await open(script)
    await recover(script)
    for (const lease of leases) lease.fail({ kind: 'dead', reason: 'dial-refused', hard: true })
    expect(stateOf(script)).toBe('closed')
    await script.end()
  })

  it('is not cleared by a success from before it was opened and came back', async () => {
    const script = await play(3, quick)
    const old = await script.lease(1)
    await open(script)
    await recover(script)
    await refuse(script, 2)
    old.succeed(50)
    await refuse(script, 1)
    expect(stateOf(script)).toBe('open')
    await script.end()
  })

  it('opens at a host where it takes far longer than the others, and nowhere else', async () => {
    const script = await play(2)
    for (let n = 0; n < 30; n++) await script.until(script.fetch('/ok', 2))
    for (let n = 0; n < 12; n++) await script.until(script.fetch('/ok?ms=4000', 1))
    expect(script.statesOf(1, host)).toMatchObject([{ to: 'open', reason: 'slow' }])
    expect(stateOf(script)).toBe('closed')
    await script.end()
  })

  it('keeps a clean record through pages that every exit is refused', async () => {
    const script = await play(2, { budgets: { blocked: 2 } })
    for (let n = 0; n < 6; n++) expect(await script.until(script.fetch('/blocked'))).toBe('TASK_FAILED')
    expect([...script.statesOf(1, host), ...script.statesOf(2, host)]).toEqual([])
    await script.end()
  })
})

/** From open to closed, by probes. */
async function recover(script: Script, proxy = 1): Promise<void> {
  const id = script.ids[proxy - 1]!
  for (let n = 0; n < 100 && stateOf(script, proxy) !== 'closed'; n++) {
    await script.clock.advance(500)
    if (stateOf(script, proxy) !== 'closed') await script.until(script.fetch('/ok', proxy))
  }
  expect(script.crawler.proxies().find((each) => each.id === id)!.state).toBe('closed')
}

describe('an open proxy', () => {
  it('gets nothing before its cooldown is over, and is probed soon after', async () => {
    const script = await play(3)
    await open(script)
    const [opened] = script.statesOf(1)
    const before = script.startsOf(1).length
    for (let n = 0; n < 300; n++) {
      await script.until(script.fetch('/ok'))
      await script.clock.advance(50)
    }
    const starts = script.startsOf(1).slice(before)
    expect(starts.length).toBeGreaterThan(0)
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(opened!.until!)
    expect(script.statesOf(1).map(({ to }) => to)).toEqual(['open', 'halfOpen', 'closed'])
    await script.end()
  })

  it('is asked before its time while there is no other, so that no task waits for a long cooldown', async () => {
    const script = await play(1, quick)
    script.world = () => ({ afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } })
    const page = script.fetch('/ok')
    await script.clock.advance(300 * second)
    script.world = () => undefined
    expect(await script.until(page, 12 * second)).toBe(200)
    await script.end()
  })

  it.each([false, true])(
    'is closed again, and its next cooldown is the first again, when what opened it was the page, also on probation: %s',
    async (isOnProbation) => {
      const script = await play(3, { budgets: { blocked: 3 }, hedge: false, ...(isOnProbation && quick) })
      for (const proxy of [1, 2, 3]) await block(script, proxy, 2)
      // The first exit is refused at once and opens; the others follow when its cooldown is over.
      let refusals = 0
      script.world = (path) =>
        path === '/blocked'
          ? { afterMs: refusals++ > 0 && isOnProbation ? 3_000 : 50, status: 403 }
          : undefined
      const page = script.fetch('/blocked')
      await script.clock.advance(100)
      const opened = [1, 2, 3].find((proxy) => script.statesOf(proxy, host).length > 0)!
      expect(stateAt(script, opened)).toBe('open')
      if (isOnProbation) await untilHalfOpen(script, () => stateAt(script, opened))
      expect(await script.until(page)).toBe('TASK_FAILED')
      const states = script.statesOf(opened, host)
      const names = isOnProbation ? ['open', 'halfOpen', 'closed'] : ['open', 'closed']
      expect(states.map(({ to }) => to)).toEqual(names)
      expect(states.at(-1)).toMatchObject(back)
      await block(script, opened)
      expect(stateAt(script, opened)).toBe('open')
      expect(cooldownsOf(script, opened, host)[1]).toBeLessThan(isOnProbation ? second : 10 * second)
      await script.end()
    },
  )

  it.each([false, true])(
    'stays out when the host goes down later, for that did not open it, also on probation: %s',
    async (isOnProbation) => {
      const script = await play(4, isOnProbation ? quick : {})
      await script.warm()
      const old = await script.lease(1)
      await block(script, 1)
      const state = isOnProbation ? 'halfOpen' : 'open'
      if (isOnProbation) await untilHalfOpen(script, () => stateAt(script))
      expect(stateAt(script)).toBe(state)
      await script.until(script.fetch('/ok', 2))
      const leases = [old]
      for (const proxy of [2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4]) leases.push(await script.lease(proxy))
      for (const lease of leases) lease.fail('transient')
      expect(script.hostStates()).toEqual(['serving → down'])
      expect(stateAt(script)).toBe(state)
      await script.end()
    },
  )

  it('comes back at once with a clean record when the user lets it in, also from probation', async () => {
    const script = await play(3, quick)
    await refuse(script, 3)
    script.crawler.readmit(script.ids[0]!)
    expect(script.statesOf(1).at(-1)).toMatchObject(back)
    await refuse(script, 3)
    await untilHalfOpen(script, () => stateOf(script))
    script.crawler.readmit(script.ids[0]!)
    expect(stateOf(script)).toBe('closed')
    expect(script.statesOf(1).at(-1)).toMatchObject(back)
    await refuse(script, 3)
    const cooldowns = cooldownsOf(script, 1)
    expect(cooldowns).toHaveLength(3)
    expect(Math.max(...cooldowns)).toBeLessThan(second)
    await script.end()
  })
})

describe('a proxy on probation', () => {
  it('carries one probe at a time, and is closed by the second good one', async () => {
    const script = await play(1, quick)
    await open(script)
    await script.clock.advance(30 * second)
    script.world = () => ({ afterMs: 2_500 })
    const before = script.startsOf().length
    const statesBefore = script.statesOf(1).length
    const tasks = [1, 2, 3].map(() => script.fetch('/ok'))
    await script.until(Promise.all(tasks))
    const [first, second_, third] = script.startsOf().slice(before) as [number, number, number]
    expect(second_ - first).toBeGreaterThanOrEqual(2_500)
    expect(third - second_).toBeGreaterThanOrEqual(2_500)
    const states = script.statesOf(1).slice(statesBefore)
    expect(states.map(({ to }) => to)).toEqual(['halfOpen', 'closed'])
    expect(states[1]!.at).toBeGreaterThanOrEqual(second_ + 2_500)
    await script.end()
  })

  it('is not moved by a probe that ends after other probes, or the user, have let it in', async () => {
    for (const isByHand of [false, true]) {
      const script = await play(1, quick)
      await open(script)
      await script.clock.advance(5 * second)
      const probe = await script.lease(1)
      expect(stateOf(script)).toBe('halfOpen')
      if (isByHand) script.crawler.readmit(script.ids[0]!)
      else {
        // The permit is over before the probe is: others prove the proxy.
        await script.until(script.fetch('/ok'), 100 * second)
        await script.until(script.fetch('/ok'))
      }
      expect(script.statesOf(1).at(-1)).toMatchObject(back)
      probe.fail({ kind: 'dead', reason: 'proxy-refused', permanent: true })
      expect(stateOf(script), `let in by the user: ${isByHand}`).toBe('closed')
      await script.end()
    }
  })

  it('opens for longer when the probe fails', async () => {
    const script = await play(3, quick)
    await open(script)
    script.world = (_, proxy) =>
      proxy === script.ids[0] ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } } : undefined
    for (let n = 0; n < 100; n++) {
      await script.until(script.fetch('/ok'))
      await script.clock.advance(200)
    }
    const opened = script.statesOf(1).filter(({ to }) => to === 'open')
    expect(opened.length).toBeGreaterThanOrEqual(3)
    const lengths = opened.map(({ at, until }) => until! - at)
    expect(lengths[2]!).toBeGreaterThan(lengths[0]!)
    await script.end()
  })

  it('is moved by no outcome of a lease from before', async () => {
    const script = await play(3, quick)
    const old = [await script.lease(1), await script.lease(1)]
    const [success, failure] = old as [OwnLease, OwnLease]
    await block(script, 1)
    await untilHalfOpen(script, () => stateAt(script))
    success.succeed(50)
    expect(stateAt(script)).toBe('halfOpen')
    failure.fail('blocked')
    expect(stateAt(script)).toBe('halfOpen')
    await script.end()
  })

  it('keeps the permit of its probe when a lease from before is given back', async () => {
    const script = await play(1, quick)
    const old = await script.lease(1)
    await open(script)
    await script.clock.advance(30 * second)
    script.world = () => ({ afterMs: 6 * second })
    const before = script.startsOf().length
    const tasks = [1, 2].map(() => script.fetch('/ok'))
    await script.clock.runUntil(() => script.startsOf().length > before)
    old.fail('neutral')
    await script.clock.advance(5 * second)
    expect(script.startsOf()).toHaveLength(before + 1)
    await script.until(Promise.all(tasks))
    await script.end()
  })

  it('gives the permit to the next one when its probe ends without an answer', async () => {
    const script = await play(1, quick)
    await open(script)
    await script.clock.advance(5 * second)
    const probe = await script.lease(1)
    expect(stateOf(script)).toBe('halfOpen')
    const next = script.fetch('/ok')
    await script.clock.advance(3 * second)
    expect(stateOf(script)).toBe('halfOpen')
    probe.fail('neutral')
    expect(await script.until(next, 2 * second)).toBe(200)
    await script.end()
  })
})

describe('a proxy that is out', () => {
  it('by the hand of the user gets nothing until the user lets it in', async () => {
    const script = await play(2)
    script.crawler.isolate(script.ids[0]!)
    expect(viewOf(script)).toMatchObject({ state: 'isolated', reason: 'by hand' })
    for (let n = 0; n < 30; n++) await script.until(script.fetch('/ok'))
    expect(script.startsOf(1)).toEqual([])
    script.crawler.readmit(script.ids[0]!)
    for (let n = 0; n < 30; n++) await script.until(script.fetch('/ok'))
    expect(script.startsOf(1).length).toBeGreaterThan(0)
    await script.end()
  })

  it.each(['by hand', 'because its requests are spent'])(
    '%s comes back with a clean record: failures from before do not count',
    async (cause) => {
      const isByHand = cause === 'by hand'
      const script = await play(1, isByHand ? {} : { maxRequestsPerProxy: 3 })
      await refuse(script, 2)
      if (isByHand) script.crawler.isolate(script.ids[0]!)
      else (await script.lease(1)).fail('neutral')
      expect(stateOf(script)).toBe(isByHand ? 'isolated' : 'retired')
      if (isByHand) script.crawler.readmit(script.ids[0]!)
      else await script.until(script.crawler.refresh())
      expect(script.statesOf(1).at(-1)).toMatchObject(back)
      await refuse(script, 2)
      expect(stateOf(script)).toBe('closed')
      await script.end()
    },
  )

  it.each([false, true])(
    'because its requests are spent comes back by hand, also when the last was a probe: %s',
    async (isProbe) => {
      const script = await play(2, { maxRequestsPerProxy: isProbe ? 4 : 3, breaker: { base: 20 * second } })
      if (isProbe) await open(script)
      else for (let n = 0; n < 3; n++) await script.until(script.fetch('/ok', 1))
      if (isProbe) {
        await script.clock.advance(21 * second)
        await script.until(script.fetch('/ok', 1))
      }
      expect(viewOf(script)).toMatchObject({ state: 'retired', reason: 'request cap reached' })
      expect(await script.until(script.fetch('/ok', 1))).toBe('SESSION_LOST')
      script.crawler.readmit(script.ids[0]!)
      expect(stateOf(script)).toBe('closed')
      expect(script.statesOf(1).at(-1)).toMatchObject(back)
      for (let n = 0; n < 3; n++) expect(await script.until(script.fetch('/ok', 1))).toBe(200)
      expect(stateOf(script)).toBe(isProbe ? 'closed' : 'retired')
      await script.end()
    },
  )
})
