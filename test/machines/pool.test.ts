import { expect, test } from 'vitest'
import { createActor, type SnapshotFrom } from 'xstate'
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph'
import { type PoolEvent, type PoolPort, poolMachine } from '../../machines/pool.ts'
import type { Applicant } from '../../src/contracts/lease.ts'
import { Coverage } from './coverage.ts'

type Snapshot = SnapshotFrom<typeof poolMachine>

interface Edge {
  readonly event: PoolEvent
  readonly state: Snapshot
}

/** What the chart has asked of its port, in order. */
const asked: string[] = []
const port: PoolPort = {
  offer: () => void asked.push('offer'),
  refuse: () => void asked.push('refuse'),
  dismiss: () => void asked.push('dismiss'),
  toJSON: () => ({}),
}
const input = { host: 'host.example', port }
const applicant = { priority: 2, waitingIn: undefined, actor: undefined } as Applicant

function alphabet({ context: { until } }: Snapshot): PoolEvent[] {
  return [
    { type: 'lease.request', applicant },
    { type: 'host.limited', until: until + 2_000, reason: 'status-429' },
    { type: 'host.limited', until: until - 500, reason: 'status-429' },
    { type: 'host.failed', until: until + 5_000, reason: 'headers-timeout' },
    { type: 'canary.failed', until: until + 5_000 },
    { type: 'host.answered' },
    { type: 'pause.elapsed', at: until - 1 },
    { type: 'pause.elapsed', at: until },
    { type: 'proxies.exhausted', until: until + 1_000, reason: 'no proxy is closed' },
    { type: 'proxies.available' },
    { type: 'drain' },
  ]
}

const walk = {
  input,
  events: alphabet,
  serializeState: ({ value, context }: Snapshot) =>
    JSON.stringify([value, context.until > 0, context.reason]),
}
const map = Object.values(getAdjacencyMap(poolMachine, walk))
const edges = map.flatMap(({ state, transitions }) =>
  Object.values(transitions as Record<string, Edge>).map((edge) => ({ before: state, ...edge })),
)

test('a pause is never shortened, and ends only when it is due', () => {
  for (const { before, event, state } of edges) {
    if (before.value !== 'throttled') continue
    if (state.value === 'throttled') expect(state.context.until).toBeGreaterThanOrEqual(before.context.until)
    if (state.value === 'serving') {
      expect(event.type === 'pause.elapsed' && event.at >= before.context.until).toBe(true)
    }
  }
})

test('a host that is down comes back by an answer, never by time', () => {
  for (const { before, event, state } of edges) {
    if (before.value === 'down' && state.value === 'serving') expect(event.type).toBe('host.answered')
  }
})

test('a serving host has nothing to wait for', () => {
  for (const { state } of map) {
    if (state.value !== 'serving') continue
    expect(state.context).toEqual({ ...input, reason: '', until: 0 })
  }
})

test('a task that asks is let in, but not any more when we leave, and those who wait are told', () => {
  for (const { before } of edges) {
    const actor = createActor(poolMachine, { input, snapshot: before }).start()
    asked.length = 0
    actor.send({ type: 'lease.request', applicant })
    actor.send({ type: 'drain' })
    expect(asked).toEqual([before.value === 'draining' ? 'refuse' : 'offer', 'dismiss'])
  }
})

test('a draining host hears nothing more', () => {
  for (const { before, state } of edges) if (before.value === 'draining') expect(state.value).toBe('draining')
})

test('every path runs on a live machine as it does on paper', () => {
  for (const { steps, state } of getShortestPaths(poolMachine, walk)) {
    const actor = createActor(poolMachine, { input }).start()
    for (const { event } of steps) if ((event.type as string) !== 'xstate.init') actor.send(event)
    expect(actor.getSnapshot().value).toBe(state.value)
    expect(actor.getSnapshot().context.reason).toBe(state.context.reason)
  }
})

test('no transition of the pool chart is dead', () => {
  const coverage = new Coverage(poolMachine)
  for (const { before, event } of edges) {
    coverage.take(String(before.value), poolMachine.getTransitionData(before, event))
  }
  expect(coverage.missing()).toEqual([])
})
