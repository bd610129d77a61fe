import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { ManualClock } from '../../manual-clock.ts'
import { followModel, frontierSteps, longLife, request } from '../model.ts'
import { copyState, Disk, full, HastyClock, openOn } from './faults.ts'
import { tempFile, tidy } from './folder.ts'

afterAll(tidy)

test('closed and opened again it goes on as the list would, with every lease due again', async () => {
  await fc.assert(
    fc.asyncProperty(frontierSteps, async (steps) => {
      const clock = new ManualClock()
      const path = tempFile()
      const open = () => openSqliteFrontier({ path, clock, inline: true })
      const last = await followModel(await open(), clock, steps, async (frontier) => {
        await frontier.close()
        return open()
      })
      await last.close()
    }),
    { numRuns: 200 },
  )
})

test('so it does in a long life in which requests end and are recalled', async () => {
  await fc.assert(
    fc.asyncProperty(longLife, async (steps) => {
      const clock = new ManualClock()
      const path = tempFile()
      const open = () => openSqliteFrontier({ path, clock, inline: true })
      const last = await followModel(await open(), clock, steps, async (frontier) => {
        await frontier.close()
        return open()
      })
      await last.close()
    }),
    { numRuns: 10 },
  )
})

test('left behind by a process that died, its files go on as the list would', async () => {
  await fc.assert(
    fc.asyncProperty(frontierSteps, async (steps) => {
      const clock = new ManualClock()
      let path = tempFile()
      const last = await followModel(openOn(new Disk(), path, clock), clock, steps, async () => {
        const next = tempFile()
        copyState(path, next)
        path = next
        return openOn(new Disk(), path, clock)
      })
      await last.close()
    }),
    { numRuns: 150 },
  )
})

test('with few hosts at a time in the ring, nothing that the list promises is lost', async () => {
  await fc.assert(
    fc.asyncProperty(frontierSteps, async (steps) => {
      const clock = new ManualClock()
      const frontier = openOn(new Disk(), tempFile(), clock, { width: 1 })
      // Who is served how often is another matter there, so only what follows from it is looked at: all gets taken.
      for (const step of steps) {
        if (step.do === 'discover') {
          await frontier.discover(
            step.batch.map(({ id, priority }) => ({
              request: request(`r${id}`, { host: `host${id % 4}`, priority }),
            })),
          )
        }
      }
      const { ready } = await frontier.stats()
      const taken = await frontier.take({ max: 100, now: clock.now() })
      expect(taken).toHaveLength(ready)
      await frontier.close()
    }),
    { numRuns: 50 },
  )
})

test('what was added is known whenever the file is opened again, and nothing else is', async () => {
  const path = tempFile()
  const frontier = openOn(new Disk(), path, new ManualClock(), { recent: 20 })
  const one = (n: number) => ({ request: request(`r${n}`, { host: `host${n % 3}` }) })
  for (let count = 0; count < 150; count++) {
    expect(await frontier.discover([one(count)])).toEqual(['added'])
    if (count % 4 !== 0) continue
    const copy = tempFile()
    copyState(path, copy)
    const again = openOn(new Disk(), copy, new ManualClock(), { recent: 20 })
    const all = Array.from({ length: count + 2 }, (_, n) => one(n))
    expect((await again.discover(all)).filter((answer) => answer === 'added')).toHaveLength(1)
    await again.close()
  }
  await frontier.close()
})

test('a disk that is full now and then changes nothing but the time it takes', async () => {
  await fc.assert(
    fc.asyncProperty(frontierSteps, fc.array(fc.nat(300), { maxLength: 30 }), async (steps, faults) => {
      const clock = new HastyClock()
      const disk = new Disk()
      const frontier = openOn(disk, tempFile(), clock)
      const opened = disk.statements
      disk.fault = (statement) => (faults.includes(statement - opened) ? full() : undefined)
      await followModel(frontier, clock, steps)
      disk.fault = () => undefined
      await frontier.close()
    }),
    { numRuns: 200 },
  )
})

test('a lease of an earlier opening is stale', async () => {
  const clock = new ManualClock()
  const path = tempFile()
  const open = () => openSqliteFrontier({ path, clock, inline: true })
  const first = await open()
  await first.discover([{ request: request('one') }])
  const [lease] = await first.take({ max: 1, now: 0 })
  await first.close()
  const second = await open()
  const [again] = await second.take({ max: 1, now: 0 })
  expect(again!.request).toEqual(lease!.request)
  await second.settle([{ lease: lease!, kind: 'done' }])
  expect(await second.stats()).toMatchObject({ leased: 1, done: 0 })
  await second.close()
})

test('a wall clock that was set back hides nothing, and time goes on from where it was', async () => {
  const path = tempFile()
  const clock = new ManualClock()
  const first = await openSqliteFrontier({ path, clock, inline: true })
  await clock.advance(3_600_000)
  await first.discover([{ request: request('now') }, { request: request('later'), notBefore: 3_610_000 }])
  await first.close()
  const early = new ManualClock()
  const second = await openSqliteFrontier({ path, clock: early, inline: true })
  expect(await second.stats()).toMatchObject({ ready: 1, waiting: 1 })
  expect(await second.take({ max: 9, now: 0 })).toHaveLength(1)
  expect(await second.nextDue(0)).toBe(10_000)
  await early.advance(10_000)
  expect(await second.take({ max: 9, now: 10_000 })).toHaveLength(1)
  await second.close()
})
