import { expect, test } from 'vitest'
import { type SpeedReading, speedLimit } from '../../src/cli/speed-limit.ts'
import { hostReading, noProxies, progressReading, statsReading } from './readings.ts'

/** What keeps a crawl from being faster, for each thing that may. */
const tasks = statsReading().tasks

function limit(change: {
  progress?: Parameters<typeof progressReading>[0]
  stats?: Parameters<typeof statsReading>[0]
  more?: Partial<SpeedReading>
}) {
  return speedLimit({
    progress: progressReading({ queued: 500, running: 4, ...change.progress }),
    stats: statsReading(change.stats),
    now: 1_000,
    ...change.more,
  })
}

function waitingAt(host: Parameters<typeof hostReading>[0], more: Parameters<typeof limit>[0] = {}) {
  return limit({
    ...more,
    progress: { running: 1, waiting: 60, ...more.progress },
    stats: {
      hosts: { 'a.test': hostReading({ waiting: 60, ...host }), 'b.test': hostReading() },
      ...more.stats,
    },
  })
}

test('politeness is named with its host, its interval and how fast it lets the proxies be', () => {
  expect(waitingAt({ waitingFor: 'interval', intervalMs: 500 })).toEqual({
    kind: 'politeness',
    host: 'a.test',
    sentence:
      'politeness at a.test: one request every 500 ms for each of 20 proxies, 40.0/s at most; 60 wait (--interval, --rate)',
  })
})

test('an interval that a host has asked for is no politeness of ours', () => {
  expect(
    waitingAt({ waitingFor: 'interval', intervalMs: 8_000 }, { more: { refusals: () => 40 } }),
  ).toMatchObject({
    kind: 'host-limit',
    sentence:
      'a.test has asked 40 times to slow down: one request every 8.0 s for each of 20 proxies, 2.5/s at most; 60 wait',
  })
})

test('where most proxies are out at that host, it is they and not politeness', () => {
  const proxies = { ...noProxies, total: 20, healthy: 3, open: 17 }
  expect(waitingAt({ waitingFor: 'interval', proxies })).toMatchObject({
    kind: 'proxies',
    sentence: expect.stringContaining('too few working proxies: 3 of 20 work at a.test'),
  })
})

test('the limit of a host is told with the answers that led to it', () => {
  const found = waitingAt({ waitingFor: 'host-limit', limit: 4.7 }, { more: { refusals: () => 12 } })
  expect(found).toMatchObject({
    kind: 'host-limit',
    sentence: 'a.test bears 4 requests at once, found by its 12 answers that ask to slow down; 60 wait',
  })
  expect(waitingAt({ waitingFor: 'host-limit', limit: 8 })?.sentence).toBe(
    'a.test bears 8 requests at once; 60 wait',
  )
})

test('a pause that a host has asked for is told with its end', () => {
  const found = waitingAt({ state: 'throttled', reason: 'status-429', until: 11_000 })
  expect(found).toMatchObject({
    kind: 'throttled',
    sentence: 'a.test has asked for a pause (status-429), until 10.0 s from now; 60 wait',
  })
})

test('a host that is down, and one for which no proxy may be used', () => {
  expect(waitingAt({ state: 'down', reason: 'status-503' })?.kind).toBe('host-down')
  expect(waitingAt({ state: 'starved', waitingFor: 'no-proxy' })?.kind).toBe('proxies')
  expect(waitingAt({ waitingFor: 'proxy-limit' })?.sentence).toContain(
    'all that work are busy (20 of 20 work)',
  )
  expect(waitingAt({ waitingFor: 'no-proxy-passes' })?.sentence).toContain('option hosts')
})

test('the option concurrency is named when all its places are taken', () => {
  const found = limit({
    progress: { running: 100, waiting: 300, queued: 5_000 },
    stats: { tasks: { ...tasks, racing: 100, limit: 100 } },
  })
  expect(found).toEqual({
    kind: 'concurrency',
    sentence: 'the 100 places for requests under way at once are all taken, 4,900 wait (--concurrency)',
  })
})

test('the source is named when most pages wait to be read', () => {
  expect(
    limit({ progress: { running: 90, reading: 70 }, stats: { tasks: { ...tasks, racing: 20 } } })?.kind,
  ).toBe('parse')
  // Also where the places for requests are all taken meanwhile by chance.
  expect(
    limit({ progress: { running: 90, reading: 80 }, stats: { tasks: { ...tasks, racing: 10, limit: 10 } } })
      ?.kind,
  ).toBe('parse')
})

test('a sink is named when pages wait to be stored, or when it has a thousand outputs before it', () => {
  expect(
    limit({ progress: { running: 90, storing: 70 }, stats: { tasks: { ...tasks, racing: 20 } } })?.kind,
  ).toBe('sink')
  expect(limit({ progress: { undelivered: 1_000 } })?.sentence).toBe(
    'a sink: 1,000 outputs wait to be written',
  )
})

test('comparisons are named when most answers wait for them', () => {
  const found = limit({
    progress: { running: 20 },
    stats: { tasks: { ...tasks, racing: 20 } },
    more: { comparing: 15 },
  })
  expect(found).toMatchObject({ kind: 'comparison', sentence: expect.stringContaining('15 answers wait') })
})

test('the CPU is named when this process is busy all the time', () => {
  expect(limit({ more: { busy: 0.97 } })?.sentence).toBe('the CPU: this process is busy 97 % of the time')
  expect(limit({ more: { busy: 0.5 } })?.kind).not.toBe('cpu')
})

test('the network of this machine, and a pause, go over everything', () => {
  expect(limit({ stats: { held: 'blackout' }, more: { busy: 0.99 } })?.kind).toBe('blackout')
  expect(limit({ stats: { held: 'paused' } })?.kind).toBe('paused')
  expect(limit({ progress: { state: 'paused' } })?.kind).toBe('paused')
})

test('where everything that is known is under way, there are no more pages', () => {
  expect(limit({ progress: { queued: 4, running: 4 } })?.sentence).toBe(
    'no more pages are known: the last 4 requests are under way',
  )
  expect(limit({ progress: { queued: 0, running: 0 } })?.kind).toBe('no-more')
})

test('what waits in the queue is told by the host that rests, or by its moment', () => {
  const idle = { queued: 30, running: 0, waiting: 0 }
  const resting = { hosts: { 'a.test': hostReading({ state: 'throttled', until: 61_000 }) } }
  expect(limit({ progress: idle, stats: resting })).toMatchObject({ kind: 'throttled', host: 'a.test' })
  expect(limit({ progress: idle })?.kind).toBe('due-later')
})

test('a crawl that has the pages it may have ends, however many requests it leaves', () => {
  const idle = { pages: 50, queued: 167, running: 0, waiting: 0 }
  expect(limit({ progress: idle, more: { maxPages: 50 } })?.sentence).toBe(
    'it ends: its limit of 50 pages is reached (--max-pages), what came is compared and written',
  )
  expect(limit({ progress: idle, more: { maxPages: 51 } })?.kind).toBe('due-later')
})

test('where nothing else holds it up, it is the time that answers take', () => {
  expect(limit({})?.sentence).toBe(
    'the time that answers take: 3 requests under way, half of them take 120 ms or more',
  )
})

test('the beginning and the end are told as such, and what is over has no limit', () => {
  expect(limit({ progress: { state: 'opening' } })?.kind).toBe('opening')
  expect(limit({ progress: { state: 'draining', running: 1 } })?.sentence).toBe(
    'it ends: 1 request under way is finished first',
  )
  expect(limit({ progress: { state: 'stopped' } })).toBeUndefined()
})
