import { describe, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { getAdjacencyMap, getShortestPaths, getSimplePaths } from 'xstate/graph'
import { type ProxyEvent, proxyMachine } from '../../machines/proxy.ts'
import { parseOptions } from '../../src/options/options.ts'
import { type BreakerContext, type BreakerScope, initialBreaker } from '../../src/rules/breaker.ts'
import { Coverage } from './coverage.ts'

/**
 * The proxy's chart, walked along every path that a small alphabet of events can take. The alphabet is bounded, but its
 * events are relative to where the machine stands: an outcome of this epoch or of an older one, a cooldown that is over
 * or not, a probe while the permit is out or free.
 */
type Snapshot = ReturnType<ReturnType<typeof createActor<typeof proxyMachine>>['getSnapshot']>

const options = { ...parseOptions({}).breaker, run: 2 }
const weights = { alpha: 3, beta: 2 }

function alphabet(context: BreakerContext): ProxyEvent[] {
  const { epoch, openedAt, openUntil, probeUntil } = context
  const at = Math.max(openUntil, openedAt, probeUntil) + 1
  const epochs = epoch === 0 ? [epoch] : [epoch, epoch - 1]
  const report = {
    at,
    weight: 1,
    reason: 'dial-refused',
    norm: 1,
    mayTrip: true,
    jitter: 0.5,
    permanent: false,
  }
  return [
    ...epochs.flatMap((each): ProxyEvent[] => [
      { type: 'succeeded', at, epoch: each, slow: false, times: 1, jitter: 0.5, options, ...weights },
      { type: 'succeeded', at, epoch: each, slow: true, times: 1, jitter: 0.5, options, ...weights },
      { type: 'failed', ...report, epoch: each, hard: true, fatal: false, options, ...weights },
      { type: 'failed', ...report, epoch: each, hard: false, fatal: false, options, ...weights },
      {
        type: 'failed',
        ...report,
        epoch: each,
        hard: false,
        fatal: true,
        permanent: true,
        options,
        ...weights,
      },
      { type: 'released', epoch: each },
    ]),
    { type: 'cooldown.elapsed', at: openUntil - 1 },
    { type: 'cooldown.elapsed', at: openUntil },
    { type: 'cooldown.cut' },
    { type: 'probe.leased', at: probeUntil, expires: at + 1_000 },
    { type: 'probe.leased', at: probeUntil - 1, expires: at + 9_000 },
    { type: 'refunded', since: openedAt, ...weights },
    { type: 'refunded', since: openedAt + 1, ...weights },
    { type: 'weighed', alpha: 5, beta: 1 },
    { type: 'isolate', reason: 'by hand' },
    { type: 'readmit' },
    { type: 'retire', reason: 'request cap reached' },
  ]
}

/** Two snapshots are the same state when the chart cannot tell them apart within the alphabet. */
function stateKey({ value, context }: Snapshot): string {
  const { run, seen, reopens, proven, probeUntil, epoch, failedShare, slowShare } = context
  return JSON.stringify({
    value,
    run: Math.min(run, 2),
    seen: Math.min(Math.floor(seen), 11),
    failing: Math.round(failedShare * 3),
    slow: slowShare >= 0.8,
    reopens: Math.min(reopens, 2),
    proven,
    isProbeOut: probeUntil > 0,
    isYoung: epoch === 0,
  })
}

interface Edge {
  readonly event: ProxyEvent
  readonly state: Snapshot
}

/** Every state that the alphabet reaches, with what each event makes of it. */
function mapOf(scope: BreakerScope): { state: Snapshot; edges: Edge[] }[] {
  const walk = {
    input: initialBreaker(scope),
    events: (state: Snapshot) => alphabet(state.context),
    serializeState: stateKey,
  }
  return Object.values(getAdjacencyMap(proxyMachine, walk)).map(({ state, transitions }) => ({
    state,
    edges: Object.values(transitions as Record<string, Edge>),
  }))
}

const maps = { fleet: mapOf('fleet'), host: mapOf('host') }

const isStale = (context: BreakerContext, event: ProxyEvent) =>
  'epoch' in event && event.epoch !== context.epoch

function checkState({ value, context }: Snapshot): void {
  if (value === 'open') {
    expect(context.openUntil).toBeGreaterThan(context.openedAt)
    expect(context.openUntil - context.openedAt).toBeLessThanOrEqual(2 * options.cap)
    expect(context.run, 'an open proxy starts its next life with a clean count').toBe(0)
  }
  if (value !== 'halfOpen') expect(context.probeUntil, `a probe permit survives in ${value}`).toBe(0)
  expect(JSON.parse(JSON.stringify(context)), 'the context is JSON').toEqual(context)
}

function checkStep(before: Snapshot, event: ProxyEvent, after: Snapshot): void {
  checkState(after)
  const from = before.context
  const to = after.context
  expect(to.epoch).toBeGreaterThanOrEqual(from.epoch)
  if (before.value !== after.value) {
    // No lease is granted while it is open, so none from before is taken for a probe.
    const isProbation = before.value === 'open' && after.value === 'halfOpen'
    const epoch = from.epoch + (isProbation ? 0 : 1)
    expect(to.epoch, `${before.value} → ${after.value}: its epoch`).toBe(epoch)
    if (isProbation) expect(to.proven, 'probation begins with a good probe').toBe(0)
  }
  if (isStale(from, event)) {
    expect(after.value, 'an outcome of an older epoch moved the state').toBe(before.value)
    expect(to).toEqual(from)
  }
  if (before.value === 'isolated' && after.value !== 'isolated') expect(event.type).toBe('readmit')
  if (before.value === 'retired' && after.value === 'closed') expect(event.type).toBe('readmit')
  if (before.value === 'open' && after.value === 'halfOpen') {
    const isOver = event.type === 'cooldown.elapsed' && event.at >= from.openUntil
    expect(isOver || event.type === 'cooldown.cut').toBe(true)
  }
  if (event.type === 'probe.leased' && before.value === 'halfOpen' && from.probeUntil > event.at) {
    expect(to.probeUntil, 'a second permit while one is out').toBe(from.probeUntil)
  }
  if (to.probeUntil > from.probeUntil) {
    // So a probe that has outlived its permit is of an older epoch, and moves nothing.
    expect(to.epoch, 'each permit is an epoch of its own').toBe(from.epoch + 1)
  }
  if (before.value === 'halfOpen' && after.value === 'closed' && event.type === 'succeeded') {
    const needed = from.scope === 'fleet' ? 2 : 1
    expect(from.proven + 1).toBe(needed)
  }
}

describe.each(['fleet', 'host'] as const)('the proxy chart, as the %s sees it', (scope) => {
  const input = initialBreaker(scope)
  const walk = { input, events: (state: Snapshot) => alphabet(state.context), serializeState: stateKey }

  test('keeps its promises in every state and after every event', () => {
    expect(maps[scope].length).toBeGreaterThan(50)
    for (const { state, edges } of maps[scope]) {
      for (const { event, state: next } of edges) checkStep(state, event, next)
    }
  })

  test('every shortest path runs on a live machine as it does on paper', () => {
    const paths = getShortestPaths(proxyMachine, walk)
    const values = new Set(paths.map(({ state }) => state.value))
    expect([...values].sort()).toEqual(['closed', 'halfOpen', 'isolated', 'open', 'retired'])
    for (const path of paths) replay(path.steps.map((step) => step.event))
  })

  test('every simple path through its states keeps its promises', () => {
    const coarse = { ...walk, serializeState: (state: Snapshot) => String(state.value) }
    const paths = getSimplePaths(proxyMachine, coarse)
    expect(paths.length).toBeGreaterThan(10)
    for (const path of paths) replay(path.steps.map((step) => step.event))
  })

  function replay(events: readonly ProxyEvent[]): void {
    const actor = createActor(proxyMachine, { input }).start()
    for (const event of events) {
      if ((event.type as string) === 'xstate.init') continue
      const before = actor.getSnapshot()
      actor.send(event)
      checkStep(before, event, actor.getSnapshot())
    }
    actor.stop()
  }
})

test('no transition of the proxy chart is dead', () => {
  const coverage = new Coverage(proxyMachine)
  for (const { state, edges } of [...maps.fleet, ...maps.host]) {
    for (const { event } of edges) coverage.take(state.value, proxyMachine.getTransitionData(state, event))
  }
  expect(coverage.missing()).toEqual([])
})
