import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { fromCallback } from 'xstate'
import {
  adopt,
  isWatched,
  living,
  openHub,
  parentOf,
  release,
  seenIn,
  tell,
  watch,
} from '../../src/actors/adopt.ts'

interface Seen {
  readonly type: string
  readonly source: string
  readonly target: string
}

const listener = fromCallback<{ type: string }, { heard: string[] }>(({ input, receive }) => {
  receive(({ type }) => void input.heard.push(type))
})

function lookAt(root: ReturnType<typeof openHub>) {
  const seen: Seen[] = []
  const came: string[] = []
  const left: string[] = []
  const stop = watch(root, {
    came: ({ id }) => came.push(id),
    told: (source, target, { type }) => seen.push({ type, source: source.id, target: target.id }),
    moved: () => {},
    left: ({ id }) => left.push(id),
  })
  return { seen, came, left, stop }
}

test('the private parts of xstate are those of the version they were seen in', () => {
  const { version } = createRequire(import.meta.url)('xstate/package.json') as { version: string }
  expect(version, 'read src/actors/adopt.ts against the new version, then change seenIn').toBe(seenIn)
})

test('an event from one actor to another names its source, and one that a timer sends comes from its owner', () => {
  const root = openHub('crawler')
  const heard: string[] = []
  const pool = adopt(root, listener, 'pool', { heard })
  const task = adopt(root, listener, 'task', { heard: [] })
  const { seen } = lookAt(root)
  tell(task, pool, { type: 'lease.request' })
  tell(pool, pool, { type: 'wake.due' })
  expect(seen).toEqual([
    { type: 'lease.request', source: 'task', target: 'pool' },
    { type: 'wake.due', source: 'pool', target: 'pool' },
  ])
  expect(heard).toEqual(['lease.request', 'wake.due'])
})

test('an event arrives whether or not somebody watches, and a watcher is told only while it watches', () => {
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

test('the living are listed with parents before children, and those that come and go are told', () => {
  const root = openHub('crawler')
  const fleet = openHub('fleet', root)
  const first = adopt(fleet, listener, 'first', { heard: [] })
  const { came, left } = lookAt(root)
  const second = adopt(fleet, listener, 'second', { heard: [] })
  release(first)
  release(first)
  expect([...living(root)].map(({ id }) => id)).toEqual(['crawler', 'fleet', 'second'])
  expect(parentOf(second)).toBe(fleet)
  expect([came, left]).toEqual([['second'], ['first']])
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
