import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { fromCallback } from 'xstate'
import { adopt, isWatched, openHub, release, seenIn, tell } from '../../src/actors/adopt.ts'

interface Seen {
  readonly type: string
  readonly source: string | undefined
  readonly target: string
}

const listener = fromCallback<{ type: string }, { heard: string[] }>(({ input, receive }) => {
  receive(({ type }) => void input.heard.push(type))
})

function lookAt(root: ReturnType<typeof openHub>): { seen: Seen[]; stop: () => void } {
  const seen: Seen[] = []
  const subscription = root.system.inspect((event) => {
    if (event.type !== '@xstate.event') return
    const [source, target] = [event.sourceRef, event.actorRef] as unknown as { id: string }[]
    seen.push({ type: event.event.type, source: source?.id, target: target!.id })
  })
  return { seen, stop: () => subscription.unsubscribe() }
}

test('the private parts of xstate are those of the version they were seen in', () => {
  const { version } = createRequire(import.meta.url)('xstate/package.json') as { version: string }
  expect(version, 'read src/actors/adopt.ts against the new version, then change seenIn').toBe(seenIn)
})

test('an event from one actor to another names its source', () => {
  const root = openHub('crawler')
  const heard: string[] = []
  const pool = adopt(root, listener, 'pool', { heard })
  const task = adopt(root, listener, 'task', { heard: [] })
  const { seen } = lookAt(root)
  tell(task, pool, { type: 'lease.request' })
  tell(undefined, pool, { type: 'wake.due' })
  expect(seen).toEqual([
    { type: 'lease.request', source: 'task', target: 'pool' },
    { type: 'wake.due', source: undefined, target: 'pool' },
  ])
  expect(heard).toEqual(['lease.request', 'wake.due'])
})

test('an event arrives whether or not an inspector is attached, and the inspector counts only while it is', () => {
  const root = openHub('crawler')
  const heard: string[] = []
  const pool = adopt(root, listener, 'pool', { heard })
  expect(isWatched(pool)).toBe(false)
  tell(root, pool, { type: 'first' })
  const one = lookAt(root)
  const other = lookAt(root)
  expect(isWatched(pool)).toBe(true)
  tell(root, pool, { type: 'second' })
  one.stop()
  one.stop()
  expect(isWatched(pool)).toBe(true)
  other.stop()
  expect(isWatched(pool)).toBe(false)
  tell(root, pool, { type: 'third' })
  expect(heard).toEqual(['first', 'second', 'third'])
  expect(other.seen.map(({ type }) => type)).toEqual(['second'])
})

test('an actor that was released hears nothing more, and the others go on', () => {
  const root = openHub('crawler')
  const heard: string[] = []
  const gone = adopt(root, listener, 'gone', { heard })
  const there = adopt(root, listener, 'there', { heard })
  release(gone)
  tell(root, gone, { type: 'too late' })
  tell(root, there, { type: 'in time' })
  expect(heard).toEqual(['in time'])
  expect(gone.getSnapshot().status).toBe('stopped')
})
