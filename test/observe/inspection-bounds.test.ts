import { expect, it } from 'vitest'
import type { InspectedActor, InspectionEvent } from '../../src/contracts/inspection.ts'
import { InspectionBudget } from '../../src/observe/inspection-budget.ts'
import { good, numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** How much an inspector is shown, and what becomes of the rest. */
const fetchMany = (scene: Scene, count: number, host = 'a.test') =>
  scene.until(
    Promise.allSettled(Array.from({ length: count }, (_, n) => scene.crawler.fetch(`http://${host}/${n}`))),
  )

function collect() {
  const events: InspectionEvent[] = []
  return { events, look: (event: InspectionEvent) => void events.push(event) }
}

const named = (events: readonly InspectionEvent[], type: string) =>
  events.flatMap((each) => (each.type === '@xstate.event' && each.event.type === type ? [each] : []))

const announced = (events: readonly InspectionEvent[]) =>
  events.flatMap((each) => (each.type === '@xstate.actor' ? [each.actorRef] : []))

it('shows whole requests or none, counts those that it leaves out, and tells of them', async () => {
  const scene = await openScene({ proxies: proxyList(4), politeness: false }, () => good)
  const { events, look } = collect()
  const inspection = scene.crawler.inspect(look, { rate: 100 })
  await fetchMany(scene, 600)
  await scene.clock.advance(1_000)
  const begun = named(events, 'assigned').length
  expect(begun).toBeGreaterThan(5)
  expect(begun).toBeLessThan(200)
  expect(named(events, 'attempt.finished').length).toBeGreaterThanOrEqual(begun)
  expect(named(events, 'delivered')).toHaveLength(begun)
  const { leftOut } = inspection
  expect(leftOut.requests).toBe(600 - begun)
  expect(leftOut.events).toBeGreaterThan(leftOut.requests * 3)
  const told = named(events, 'inspector.left-out').at(-1)!
  expect(told.event).toMatchObject({ requests: leftOut.requests, actors: 0 })
  expect([told.sourceRef.id, told.actorRef.id]).toEqual(['crawler', 'crawler'])
  inspection()
  await scene.end()
})

it('shows all requests to one who asks for all', async () => {
  const scene = await openScene({ proxies: proxyList(4), politeness: false }, () => good)
  const { events, look } = collect()
  using inspection = scene.crawler.inspect(look, { rate: Number.POSITIVE_INFINITY })
  await fetchMany(scene, 600)
  expect(named(events, 'assigned')).toHaveLength(600)
  expect(inspection.leftOut).toMatchObject({ requests: 0, actors: 0 })
  await scene.end()
})

it('shows what changes the state of a proxy or a host, though no request is shown', async () => {
  let isUp = true
  const scene = await openScene({ proxies: proxyList(6), politeness: false, deadline: 10_000 }, (call) => {
    if (!isUp) return { afterMs: 20, fault: { phase: 'headers', cause: 'reset' } }
    return numberOf(call) === 1 ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } } : good
  })
  const { events, look } = collect()
  scene.crawler.inspect(look, { rate: 10 })
  await fetchMany(scene, 40)
  isUp = false
  await Promise.all([fetchMany(scene, 40), scene.clock.advance(20_000)])
  const moves = events.flatMap((each) => (each.type === '@xstate.snapshot' ? [each] : []))
  const dead = moves.filter(({ actorRef }) => actorRef.sessionId.startsWith('crawler/fleet/'))
  expect(dead.map(({ snapshot, event }) => `${event.type} ${snapshot.value}`)).toContain('failed open')
  const host = moves.filter(({ actorRef }) => actorRef.id === 'a.test')
  expect(host.map(({ snapshot }) => snapshot.value)).toContain('down')
  // What led there is told before, with its sender.
  for (const move of [...dead, ...host]) {
    const at = events.indexOf(move)
    const cause = events
      .slice(0, at)
      .findLast((each) => each.type === '@xstate.event' && each.event === move.event)
    expect(cause, move.event.type).toBeDefined()
  }
  await scene.end()
})

it('tells one that was busy where those stand whom it has missed', async () => {
  const scene = await openScene({ proxies: proxyList(3), politeness: false }, () => good)
  const { events, look } = collect()
  let isBusy = false
  const inspection = scene.crawler.inspect(look, { isBusy: () => isBusy })
  isBusy = true
  const before = events.length
  const [first] = scene.crawler.proxies()
  scene.crawler.isolate(first!.id)
  await fetchMany(scene, 5)
  expect(events).toHaveLength(before)
  isBusy = false
  await scene.clock.advance(1_000)
  const standing = new Map<string, unknown>()
  for (const each of events) {
    if (each.type !== '@xstate.event')
      standing.set(each.actorRef.sessionId, each.actorRef.getSnapshot().value)
    if (each.type === '@xstate.snapshot') standing.set(each.actorRef.sessionId, each.snapshot.value)
  }
  expect(standing.get(`crawler/fleet/${first!.id}`)).toBe('isolated')
  expect(standing.get('crawler/router/a.test')).toBe('serving')
  expect(standing.get('crawler/tasks/task 0')).toBe('idle')
  expect(inspection.leftOut.requests).toBe(5)
  await scene.end()
})

it('of ten thousand proxies shows as many as it may, those first that stand elsewhere than usual', async () => {
  const scene = await openScene({ proxies: proxyList(10_000), politeness: false }, () => good)
  const ids = scene.crawler.proxies().map(({ id }) => id)
  for (const id of ids.slice(-50)) scene.crawler.isolate(id)
  await fetchMany(scene, 20)
  const { events, look } = collect()
  const inspection = scene.crawler.inspect(look, { actors: 100 })
  const shown = announced(events)
  expect(shown).toHaveLength(100)
  const isolated = shown.filter((actor) => actor.getSnapshot().value === 'isolated')
  expect(isolated).toHaveLength(50)
  expect(shown.map(({ id }) => id)).toContain('a.test')
  expect(inspection.leftOut.actors).toBeGreaterThan(9_900)
  inspection()
  await scene.end()
})

it('a pool whose machines sleep is there, and is the same when it is awake again', async () => {
  const scene = await openScene({ proxies: proxyList(2), politeness: false }, () => good)
  await fetchMany(scene, 2)
  await scene.clock.advance(300_000)
  await fetchMany(scene, 2, 'b.test')
  const { events, look } = collect()
  const inspection = scene.crawler.inspect(look)
  const pool = announced(events).find(({ id }) => id === 'a.test')!
  expect(pool.getSnapshot()).toMatchObject({ status: 'active', value: 'serving', context: { asleep: true } })
  await fetchMany(scene, 2)
  expect(announced(events).filter(({ id }) => id === 'a.test')).toHaveLength(1)
  const awake = named(events, 'lease.request').at(-1)!.actorRef
  expect([awake.id, awake.getSnapshot().context.asleep]).toEqual(['a.test', undefined])
  await scene.clock.advance(300_000)
  expect(awake.getSnapshot()).toMatchObject({ status: 'active', context: { asleep: true } })
  inspection()
  await scene.end()
})

it('an observer that fails at the very end is not told that the crawler has stopped: it was detached', async () => {
  const scene = await openScene({ proxies: proxyList(2), politeness: false }, () => good)
  const alerts: string[] = []
  scene.crawler.on('alert', ({ message }) => alerts.push(message))
  let isCompleted = false
  scene.crawler.inspect({
    next: ({ type, actorRef }: InspectionEvent) => {
      if (type === '@xstate.snapshot' && actorRef.id === 'crawler') throw new Error('no room')
    },
    complete: () => {
      isCompleted = true
    },
  })
  await scene.end()
  expect(alerts).toEqual([expect.stringMatching(/An inspector.*no room.*It is detached/)])
  expect(isCompleted).toBe(false)
})

it('an observer object hears that the crawler has stopped, and one that comes later hears only that', async () => {
  const scene = await openScene({ proxies: proxyList(2), politeness: false }, () => good)
  const heard: string[] = []
  const observer = (name: string) => ({
    next: ({ type }: InspectionEvent) => heard.push(`${name} ${type}`),
    complete: () => heard.push(`${name} is told that it is over`),
  })
  scene.crawler.inspect(observer('early'))
  await fetchMany(scene, 1)
  await scene.end()
  expect(heard.at(-1)).toBe('early is told that it is over')
  const before = heard.length
  const detach = scene.crawler.inspect(observer('late'))
  expect(heard.slice(before)).toEqual(['late is told that it is over'])
  detach()
  detach()
})

it('a promise that an observer breaks detaches it, and so does an error, at any event', async () => {
  const scene = await openScene({ proxies: proxyList(2), politeness: false }, () => good)
  let calls = 0
  scene.crawler.inspect(async () => {
    if (++calls === 3) throw new Error('a broken promise')
  })
  await fetchMany(scene, 3)
  const after = calls
  await fetchMany(scene, 3)
  expect(calls).toBe(after)
  expect(scene.log.alerts.map(({ message }) => message)).toEqual([
    expect.stringContaining('a broken promise'),
  ])
  await scene.end()
})

it('nothing can be told to an actor that is shown, and printing one prints its names', async () => {
  const scene = await openScene({ proxies: proxyList(1), politeness: false }, () => good)
  const { events, look } = collect()
  using _ = scene.crawler.inspect(look, { attempts: true })
  await fetchMany(scene, 1)
  const actors = announced(events) as (InspectedActor & { send?: unknown })[]
  for (const actor of actors) {
    expect(actor.send).toBeUndefined()
    expect(Object.keys(actor)).toEqual(['id', 'sessionId', 'isAsleep'])
  }
  await scene.end()
})

it('an observer has a tenth of the time: what costs more is left out until it has some again', () => {
  let now = 0
  const budget = new InspectionBudget({ now: () => now } as never, 1_000)
  const slow = () => {
    now += 40
  }
  expect(budget.mayTell()).toBe(true)
  for (let n = 0; n < 3; n++) budget.spend(1, slow)
  expect(budget.mayTell()).toBe(false)
  expect(budget.hasTime()).toBe(false)
  now += 100
  expect(budget.mayTell()).toBe(true)
  budget.spend(1, slow)
  expect(budget.mayTell()).toBe(false)
})
