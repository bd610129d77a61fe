import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Frontier, Lease, Recall } from '../../src/contracts/frontier.ts'
import { followModel, longLife, request } from '../frontier/model.ts'
import type { ManualClock } from '../manual-clock.ts'

/** What every frontier must do with requests that have ended and are asked once more. A part of its contract. */
export function recallContract(open: () => Promise<Opened>, runs: number): void {
  test('what is recalled comes before all others, with what it has put out, and past the bounds of its host', async () => {
    const { clock, frontier, take } = await open()
    await frontier.setHost('host', { minGapMs: 1_000, maxInFlight: 1, budget: 2 })
    await frontier.discover([{ request: request('one') }, { request: request('two', { priority: 0 }) }])
    const [two] = await take()
    await frontier.settle([{ lease: two!, kind: 'done', tally: { pages: 1, items: 1 } }])
    const kept = [[0, 'digest', 'item', { 'a.csv': 'trace' }]] as const
    const correction = { revision: 1, undo: { pages: 1, items: 1 } }
    expect(await frontier.recall!([{ lease: two!, ended: 'done', kept, correction }])).toEqual([true])
    const left = { ready: 1, waiting: 1, leased: 0, done: 0, recalled: 1, tally: { pages: 1, items: 1 } }
    expect(await frontier.stats()).toMatchObject(left)
    expect(await frontier.nextDue(clock.now())).toBe(clock.now())
    expect(await frontier.recall!([{ lease: two!, ended: 'done', kept, correction }])).toEqual([false])
    expect(await frontier.discover([{ request: request('two') }])).toEqual(['known'])
    const [again, ...others] = await take()
    expect(again).toMatchObject({ request: { id: 'two' }, attempts: 0, kept, correction })
    expect(others).toEqual([])
    expect(await frontier.stats()).toMatchObject({ ready: 0, waiting: 1, leased: 1, recalled: 1 })
    await frontier.settle([{ lease: again!, kind: 'done', tally: { items: 1 } }])
    expect(await frontier.stats()).toMatchObject({ done: 1, recalled: 0, tally: { pages: 1, items: 2 } })
    expect(await take()).toEqual([])
    await clock.advance(1_000)
    expect(ids(await take())).toEqual(['one'])
  })

  test('a take may ask for nothing but what was recalled', async () => {
    const { clock, frontier, take } = await open()
    await frontier.discover([1, 2, 3].map((n) => ({ request: request(`r${n}`) })))
    const [one] = await take(1)
    await frontier.settle([{ lease: one!, kind: 'done' }])
    const only = { max: 9, onlyRecalled: true, now: clock.now() }
    expect(await frontier.take(only)).toEqual([])
    expect(await frontier.nextDue(clock.now())).toBeUndefined()
    await frontier.recall!([{ lease: one!, ended: 'done', kept: [], correction }])
    expect(await frontier.nextDue(clock.now())).toBe(clock.now())
    expect(ids(await frontier.take(only))).toEqual(['r1'])
    expect(ids(await take())).toEqual(['r2', 'r3'])
  })

  test('a recalled request that is tried later, or given back, stays one that is corrected', async () => {
    const { clock, frontier, take } = await open()
    await frontier.discover([{ request: request('one') }])
    const [lease] = await take()
    await frontier.settle([{ lease: lease!, kind: 'done' }])
    await frontier.recall!([{ lease: lease!, ended: 'done', kept: [], correction }])
    const [first] = await take()
    await frontier.settle([{ lease: first!, kind: 'release' }])
    const [second] = await take()
    await frontier.settle([{ lease: second!, kind: 'retry', notBefore: 30, targetFault: true }])
    expect(await take()).toEqual([])
    expect(await frontier.nextDue(clock.now())).toBe(30)
    await clock.advance(30)
    await frontier.setHost('host', { blockedUntil: 50 })
    expect(await take()).toEqual([])
    expect(await frontier.nextDue(clock.now())).toBe(50)
    await clock.advance(20)
    expect(await take()).toMatchObject([{ attempts: 1, targetFaults: 1, correction }])
  })

  test('a dead letter and a page that rests are recalled from there, and one that is under way is not', async () => {
    const { clock, frontier, take } = await open()
    await frontier.discover(['dead', 'done', 'rest', 'gone'].map((id) => ({ request: request(id) })))
    const [dead, done, rest, gone] = await take()
    const reason = { code: 'status-404', detail: 'It is not there.' }
    const memo = { fetchedAt: 5, changedAt: 5 }
    const letter = { reason, kept: [], undo: { setAside: 1 } }
    await frontier.settle([
      { lease: dead!, kind: 'dead', reason, undo: { failed: 1 }, tally: { failed: 1 } },
      { lease: done!, kind: 'done', letter, tally: { pages: 1, setAside: 1 } },
      { lease: rest!, kind: 'done', next: clock.now(), memo },
      { lease: gone!, kind: 'done', next: clock.now(), memo },
    ])
    const recall = (lease: Lease, ended: Recall['ended'], hasLetter = false): Recall => ({
      ...{ lease, ended, hasLetter },
      ...{ kept: [], correction },
    })
    const all = [recall(dead!, 'dead', true), recall(done!, 'done', true), recall(rest!, 'resting')]
    expect(await frontier.recall!(all)).toEqual([true, true, true])
    expect(await frontier.stats()).toMatchObject({
      ...{ done: 1, dead: 0, resting: 1, recalled: 3 },
      tally: { failed: 1, pages: 1, setAside: 1 },
    })
    await frontier.revisit(clock.now())
    expect(await frontier.recall!([recall(gone!, 'resting')])).toEqual([false])
    const leases = await take()
    expect(ids(leases).sort()).toEqual(['dead', 'done', 'gone', 'rest'])
    // What it left is what it was to be compared with, and that was the lie.
    expect(leases.find(({ request }) => request.id === 'rest')!.memo).toBeUndefined()
    await frontier.settle(leases.map((lease) => ({ lease, kind: 'done', next: clock.now(), memo })))
    expect(await frontier.stats()).toMatchObject({ done: 4, dead: 0, resting: 4, recalled: 0 })
  })

  test('in a long life in which requests end and are recalled it does so too', async () => {
    await fc.assert(
      fc.asyncProperty(longLife, async (steps) => {
        const { clock, frontier } = await open()
        await followModel(frontier, clock, steps)
        await frontier.close()
      }),
      { numRuns: Math.ceil(runs / 10) },
    )
  })
}

interface Opened {
  readonly clock: ManualClock
  readonly frontier: Frontier
  take(max?: number, perHost?: number): Promise<Lease[]>
}

const correction = { revision: 1, undo: {} }

function ids(leases: readonly Lease[]): string[] {
  return leases.map((lease) => lease.request.id)
}
