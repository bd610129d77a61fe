import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/admission/canonical-url.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { Frontier, Lease } from '../../src/contracts/frontier.ts'
import { followModel, frontierSteps, request } from '../frontier/model.ts'
import { ManualClock } from '../manual-clock.ts'
import { recallContract } from './recall.ts'

/** What every frontier must do. `create` gives an empty one on the given clock. */
export function frontierContract(
  name: string,
  create: (clock: Clock) => Promise<Frontier> | Frontier,
  { runs = 300 } = {},
): void {
  async function open() {
    const clock = new ManualClock()
    const frontier = await create(clock)
    const take = (max = 100, perHost?: number) =>
      frontier.take({ max, now: clock.now(), ...(perHost === undefined ? {} : { perHost }) })
    return { clock, frontier, take }
  }

  describe(`${name} keeps the frontier's contract`, () => {
    test('a request discovered again is known, in the same batch, while leased, when done and when dead', async () => {
      const { frontier, take } = await open()
      const one = { request: request('one') }
      const two = { request: request('two') }
      expect(await frontier.discover([one, one, two])).toEqual(['added', 'known', 'added'])
      const [first, second] = await take()
      expect(await frontier.discover([one, two])).toEqual(['known', 'known'])
      await frontier.settle([
        { lease: first!, kind: 'done' },
        { lease: second!, kind: 'dead', reason: { code: 'blocked', detail: 'The host said no.' } },
      ])
      expect(await frontier.discover([one, two])).toEqual(['known', 'known'])
      expect(await take()).toEqual([])
    })

    test('requests with one key are one request, whatever their host', async () => {
      const { frontier } = await open()
      const id = fingerprint({ url: 'https://m.example/', key: 'page 1' })
      const at = (host: string) => ({ request: request(id, { host, url: `https://${host}/` }) })
      expect(await frontier.discover([at('m.example'), at('www.example')])).toEqual(['added', 'known'])
      expect(await frontier.discover([at('other.example')])).toEqual(['known'])
    })

    test('within a host the lower lane goes first, then the longer due, then the first discovered', async () => {
      const { clock, frontier, take } = await open()
      await clock.advance(50)
      await frontier.discover([
        { request: request('late', { priority: 4 }) },
        { request: request('later', { priority: 4 }) },
        { request: request('old', { priority: 4 }), notBefore: 10 },
        { request: request('urgent', { priority: 0 }) },
        { request: request('idle', { priority: 7 }), notBefore: 0 },
      ])
      expect(ids(await take())).toEqual(['urgent', 'old', 'late', 'later', 'idle'])
    })

    test('a request is not taken before its time', async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('soon', { priority: 0 }), notBefore: 30 }])
      await frontier.discover([{ request: request('now', { priority: 7 }) }])
      expect(ids(await take())).toEqual(['now'])
      await clock.advance(29)
      expect(await take()).toEqual([])
      expect(await frontier.nextDue(clock.now())).toBe(30)
      await clock.advance(1)
      expect(ids(await take())).toEqual(['soon'])
    })

    test('it knows since when the request has been due that waits longest at the head of its host', async () => {
      const { clock, frontier, take } = await open()
      expect(await frontier.oldestDue!()).toBeUndefined()
      await clock.advance(50)
      await frontier.discover([
        { request: request('young', { host: 'one' }), notBefore: 40 },
        { request: request('old', { host: 'two' }), notBefore: 10 },
        { request: request('later', { host: 'three' }), notBefore: 90 },
      ])
      expect(await frontier.oldestDue!()).toBe(10)
      const leases = await take()
      expect(ids(leases).sort()).toEqual(['old', 'young'])
      expect(await frontier.oldestDue!()).toBeUndefined()
      await clock.advance(60)
      expect(await frontier.oldestDue!()).toBe(90)
    })

    test('a giant host gets one turn in each round', async () => {
      const { frontier, take } = await open()
      const giant = Array.from({ length: 500 }, (_, n) => ({
        request: request(`giant${n}`, { host: 'giant' }),
      }))
      const small = Array.from({ length: 20 }, (_, n) => ({
        request: request(`small${n}`, { host: `host${n % 10}`, priority: 7 }),
      }))
      await frontier.discover([...giant, ...small])
      const hosts: string[] = []
      for (let round = 0; round < 11; round++)
        hosts.push(...(await take(2)).map((lease) => lease.request.host))
      expect(hosts.filter((host) => host === 'giant')).toHaveLength(2)
      expect(new Set(hosts).size).toBe(11)
    })

    test('two hosts in one take differ by one request at most', async () => {
      const { frontier, take } = await open()
      await frontier.discover(
        Array.from({ length: 90 }, (_, n) => ({ request: request(`r${n}`, { host: n < 80 ? 'a' : 'b' }) })),
      )
      const hosts = (await take(15)).map((lease) => lease.request.host)
      expect(hosts.filter((host) => host === 'b').length).toBeGreaterThanOrEqual(7)
    })

    test('the gap of a host is kept between its takes', async () => {
      const { clock, frontier, take } = await open()
      await frontier.setHost('host', { minGapMs: 100 })
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      expect(await take()).toHaveLength(1)
      await clock.advance(99)
      expect(await take()).toHaveLength(0)
      expect(await frontier.nextDue(clock.now())).toBe(100)
      await clock.advance(1)
      expect(await take()).toHaveLength(1)
    })

    test('a host has no more leases than its cap and the perHost of the take', async () => {
      const { clock, frontier, take } = await open()
      await frontier.setHost('host', { maxInFlight: 2 })
      await frontier.discover(Array.from({ length: 5 }, (_, n) => ({ request: request(`r${n}`) })))
      const [first, ...others] = await take(100, 1)
      expect(others).toEqual([])
      expect(await take(100, 9)).toHaveLength(1)
      expect(await take(100, 9)).toHaveLength(0)
      expect(await frontier.nextDue(clock.now())).toBeUndefined()
      await frontier.settle([{ lease: first!, kind: 'done' }])
      expect(await frontier.nextDue(clock.now())).toBe(clock.now())
      expect(await take(100, 9)).toHaveLength(1)
    })

    test('a blocked host waits and the others go on', async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('one', { host: 'ill' }) }, { request: request('two') }])
      await frontier.setHost('ill', { blockedUntil: 40 })
      expect(ids(await take())).toEqual(['two'])
      expect(await frontier.nextDue(clock.now())).toBe(40)
      await clock.advance(40)
      expect(ids(await take())).toEqual(['one'])
    })

    test('setHost changes what is given and keeps the rest', async () => {
      const { clock, frontier, take } = await open()
      await frontier.setHost('host', { minGapMs: 100 })
      await frontier.setHost('host', { blockedUntil: 10 })
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      await clock.advance(10)
      expect(await take()).toHaveLength(1)
      expect(await frontier.nextDue(clock.now())).toBe(110)
      await frontier.setHost('host', { minGapMs: 20 })
      expect(await frontier.nextDue(clock.now())).toBe(30)
    })

    test('a host over its budget rejects what is new and still knows what it has', async () => {
      const { frontier } = await open()
      await frontier.setHost('host', { budget: 1 })
      const one = { request: request('one') }
      const two = { request: request('two') }
      expect(await frontier.discover([one, two, one])).toEqual(['added', 'rejected', 'known'])
      await frontier.setHost('host', { budget: 2 })
      expect(await frontier.discover([two])).toEqual(['added'])
    })

    test('a lease is settled once: the second, a stranger and a stale one change nothing', async () => {
      const { frontier, take } = await open()
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      const [one, two] = await take()
      expect(await frontier.settle([{ lease: one!, kind: 'done' }])).toEqual([undefined])
      const settled = await frontier.settle([
        { lease: one!, kind: 'release' },
        { lease: { ...two!, id: 1_000_000 }, kind: 'done' },
        { lease: { ...two!, epoch: two!.epoch - 1 }, kind: 'done' },
      ])
      expect(settled).toEqual(['stale', 'stale', 'stale'])
      expect(await frontier.stats()).toMatchObject({ ready: 0, waiting: 0, leased: 1, done: 1, dead: 0 })
    })

    test('a released request comes back to its place with its counts', async () => {
      const { frontier, take } = await open()
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      const [first] = await take(1)
      await frontier.settle([{ lease: first!, kind: 'release' }])
      const [again] = await take(1)
      expect(again).toMatchObject({ request: { id: 'one' }, attempts: 0, targetFaults: 0 })
      expect(again!.id).not.toBe(first!.id)
    })

    test("a retried request comes back at its time, and only the target's faults are counted as such", async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('one') }])
      const [first] = await take()
      await frontier.settle([{ lease: first!, kind: 'retry', notBefore: 20, targetFault: false }])
      expect(await take()).toEqual([])
      expect(await frontier.nextDue(clock.now())).toBe(20)
      await clock.advance(20)
      const [second] = await take()
      expect(second).toMatchObject({ attempts: 1, targetFaults: 0 })
      await frontier.settle([{ lease: second!, kind: 'retry', notBefore: 20, targetFault: true }])
      const [third] = await take()
      expect(third).toMatchObject({ attempts: 2, targetFaults: 1 })
    })

    test('a dead letter keeps its request, its reason, its attempts and its date', async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('one', { data: { page: 3 } }) }])
      const [first] = await take()
      await frontier.settle([{ lease: first!, kind: 'retry', notBefore: 0, targetFault: true }])
      const [lease] = await take()
      const reason = { code: 'target-faults', detail: 'The host answered 500 twice.' }
      await frontier.settle([{ lease: lease!, kind: 'dead', reason }])
      const letters = await collect(frontier.deadLetters())
      expect(letters).toEqual([
        { request: request('one', { data: { page: 3 } }), reason, attempts: 2, heads: [], at: clock.wall() },
      ])
    })

    test('a dead letter keeps the heads of its last answers', async () => {
      const { frontier, take } = await open()
      await frontier.discover([{ request: request('one') }])
      const [lease] = await take()
      const reason = { code: 'blocked', detail: 'The host said no.' }
      const heads = [
        { proxy: 'socks5://a:1', reason: 'dial-timeout', at: 5 },
        { proxy: 'socks5://b:1', reason: 'status-503', status: 503, headers: { server: 'x' }, at: 9 },
      ]
      await frontier.settle([{ lease: lease!, kind: 'dead', reason, heads }])
      expect((await collect(frontier.deadLetters()))[0]?.heads).toEqual(heads)
    })

    test('hundreds of dead letters come oldest first', async () => {
      const { frontier, take } = await open()
      const many = Array.from({ length: 350 }, (_, n) => ({
        request: request(`r${n}`, { host: `h${n % 7}` }),
      }))
      await frontier.discover(many)
      const leases = await take(400)
      const reason = { code: 'blocked', detail: 'The host said no.' }
      await frontier.settle(leases.map((lease) => ({ lease, kind: 'dead', reason })))
      const letters = await collect(frontier.deadLetters())
      expect(letters.map((letter) => letter.request.id)).toEqual(ids(leases))
    })

    test('dead letters that are revived are as good as new: those that were named, then all', async () => {
      const { frontier, take } = await open()
      await frontier.discover([1, 2, 3].map((n) => ({ request: request(`r${n}`) })))
      const reason = { code: 'blocked', detail: 'The host said no.' }
      const first = await take()
      await frontier.settle(first.map((lease) => ({ lease, kind: 'retry', notBefore: 0, targetFault: true })))
      await frontier.settle((await take()).map((lease) => ({ lease, kind: 'dead', reason })))
      expect(await frontier.revive(['r2', 'r2', 'nobody'])).toBe(1)
      expect(await take()).toMatchObject([{ request: { id: 'r2' }, attempts: 0, targetFaults: 0 }])
      expect(await frontier.stats()).toMatchObject({ leased: 1, dead: 2 })
      expect(await frontier.revive()).toBe(2)
      expect(ids(await take())).toEqual(['r1', 'r3'])
      expect(await collect(frontier.deadLetters())).toEqual([])
      expect(await frontier.revive()).toBe(0)
    })

    test('a page that is done may leave a letter; tried again, it has what it had put out, and is counted once', async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('one') }])
      const [lease] = await take()
      const setAside = [
        { kind: 'item' as const, index: 1, value: { n: 'x' }, detail: 'no number', issues: [] },
      ]
      const reason = { code: 'item-invalid', detail: 'no number' }
      const undo = { pages: 1, setAside: 1 }
      const letter = { reason, setAside, kept: [[0, 'digest']] as const, undo }
      const memo = { fetchedAt: 0, changedAt: 0 }
      const tally = { pages: 1, items: 1, setAside: 1 }
      await frontier.settle([{ lease: lease!, kind: 'done', next: clock.now(), memo, tally, letter }])
      expect(await frontier.stats()).toMatchObject({ done: 1, resting: 1, dead: 1, tally })
      expect(await collect(frontier.deadLetters())).toMatchObject([{ reason, setAside, heads: [] }])

      expect(await frontier.revive()).toBe(1)
      expect(await frontier.stats()).toMatchObject({
        ...{ done: 0, resting: 0, dead: 0 },
        tally: { pages: 0, items: 1, setAside: 0 },
      })
      const [again] = await take()
      expect(again!.kept).toEqual([[0, 'digest']])
      await frontier.settle([{ lease: again!, kind: 'done', next: clock.now(), memo, tally: { pages: 1 } }])
      expect(await frontier.stats()).toMatchObject({ done: 1, resting: 1, dead: 0 })
    })

    recallContract(open, runs)

    test('a page behind a redirect belongs to the first request that is led there, whenever it comes', async () => {
      const { frontier, take } = await open()
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      const claim = (page: string, by: string) => frontier.claim?.({ page, by, host: 'h' })
      expect(await claim('behind', 'one')).toBe(true)
      expect(await claim('behind', 'two')).toBe(false)
      expect(await claim('behind', 'one')).toBe(true)
      expect(await frontier.discover([{ request: request('behind', { host: 'h' }) }])).toEqual(['known'])
      expect(await frontier.discover([{ request: request('other', { host: 'h' }) }])).toEqual(['added'])
      expect(await claim('other', 'two')).toBe(false)
      expect(ids(await take())).not.toContain('behind')
    })

    test('a page with a next visit rests until then, is known, and comes back with its memo', async () => {
      const { clock, frontier, take } = await open()
      await frontier.discover([{ request: request('one') }, { request: request('two') }])
      const [one, two] = await take()
      const memo = { etag: '"a"', digest: 'x', fetchedAt: 7, changedAt: 5 }
      await frontier.settle([
        { lease: one!, kind: 'done', next: 50, memo },
        { lease: two!, kind: 'done', next: 90 },
      ])
      expect(await frontier.stats()).toMatchObject({ done: 2, resting: 2 })
      expect(await frontier.revisit(clock.now())).toBe(50)
      expect(await frontier.discover([{ request: request('one') }])).toEqual(['known'])
      expect(await frontier.nextDue(clock.now())).toBeUndefined()
      await clock.advance(50)
      expect(await take()).toEqual([])
      expect(await frontier.revisit(clock.now())).toBe(90)
      expect(await frontier.stats()).toMatchObject({ ready: 1, done: 1, resting: 1 })
      const [again] = await take()
      expect(again).toMatchObject({ request: { id: 'one' }, attempts: 0, memo })
      await frontier.settle([{ lease: again!, kind: 'retry', notBefore: 0, targetFault: true }])
      expect(await take()).toMatchObject([{ attempts: 1, memo }])
      await clock.advance(40)
      expect(await frontier.revisit(clock.now())).toBeUndefined()
      const [last] = await take()
      expect(last).toMatchObject({ request: { id: 'two' } })
      expect(last).not.toHaveProperty('memo')
    })

    test('tallies are summed with what they count', async () => {
      const { frontier, take } = await open()
      await frontier.discover([1, 2, 3].map((n) => ({ request: request(`r${n}`) })))
      const [one, two, three] = await take()
      const reason = { code: 'blocked', detail: 'The host said no.' }
      await frontier.settle([
        { lease: one!, kind: 'done', tally: { pages: 1, items: 3 } },
        { lease: one!, kind: 'done', tally: { pages: 1 } },
        { lease: two!, kind: 'dead', reason, tally: { failed: 1 } },
      ])
      await frontier.settle([{ lease: three!, kind: 'done', tally: { pages: 1, bytes: 2.5 } }])
      expect((await frontier.stats()).tally).toEqual({ pages: 2, items: 3, failed: 1, bytes: 2.5 })
    })

    test('a request comes back as it was discovered', async () => {
      const { frontier, take } = await open()
      const asked = request('one', {
        url: 'https://hôte.example/ü?q=1',
        method: 'POST',
        headers: { accept: 'text/html', 'x-a': '"' },
        body: new Uint8Array([0, 255, 10]),
        idempotent: true,
        session: 's1',
        proxy: 'socks5://a:1',
        label: 'list',
        data: { page: 3, tags: ['a', null], deep: { on: true } },
        referrer: 'https://host.example/',
        depth: 4,
        priority: 0,
      })
      const plain = request('two', { method: 'POST', body: '', idempotent: false, data: null, priority: 7 })
      await frontier.discover([{ request: asked }, { request: plain }])
      expect((await take()).map((lease) => lease.request)).toEqual([asked, plain])
    })

    test('an empty frontier has no next due time', async () => {
      const { clock, frontier } = await open()
      expect(await frontier.nextDue(clock.now())).toBeUndefined()
    })

    test('the side store gives back what was put, and scans a prefix in order of the keys', async () => {
      const { frontier } = await open()
      const bytes = new Uint8Array([1, 2, 3])
      await frontier.side.put('robots/b', bytes)
      await frontier.side.put('robots/a', new Uint8Array([9]))
      await frontier.side.put('cookies/a', new Uint8Array())
      await frontier.side.put('robots/a', new Uint8Array([7]))
      bytes[0] = 99
      expect(await frontier.side.get('robots/b')).toEqual(new Uint8Array([1, 2, 3]))
      expect(await frontier.side.get('robots/c')).toBeUndefined()
      expect(await collect(frontier.side.scan('robots/'))).toEqual([
        ['robots/a', new Uint8Array([7])],
        ['robots/b', new Uint8Array([1, 2, 3])],
      ])
    })

    test('a scan of the side store goes through thousands of keys', async () => {
      const { frontier } = await open()
      const keys = Array.from({ length: 2_500 }, (_, n) => `k/${String(n).padStart(5, '0')}`)
      await Promise.all(keys.map((key) => frontier.side.put(key, new Uint8Array([1]))))
      await frontier.side.put('k', new Uint8Array())
      await frontier.side.put('l/', new Uint8Array())
      expect((await collect(frontier.side.scan('k/'))).map(([key]) => key)).toEqual(keys)
    })

    test('under any interleaving it does what a list that is scanned every time would do', async () => {
      await fc.assert(
        fc.asyncProperty(frontierSteps, async (steps) => {
          const clock = new ManualClock()
          const frontier = await create(clock)
          await followModel(frontier, clock, steps)
          await frontier.close()
        }),
        { numRuns: runs },
      )
    })
  })
}

function ids(leases: readonly Lease[]): string[] {
  return leases.map((lease) => lease.request.id)
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}
