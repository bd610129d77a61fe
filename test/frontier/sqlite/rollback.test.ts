import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import type { Frontier, Lease, Settlement } from '../../../src/contracts/frontier.ts'
import type { Channel } from '../../../src/frontier/sqlite/channel.ts'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { SqliteFrontier } from '../../../src/frontier/sqlite/sqlite-frontier.ts'
import { openStore } from '../../../src/frontier/sqlite/store.ts'
import { ManualClock } from '../../manual-clock.ts'
import { request } from '../model.ts'
import { Disk, full, HastyClock, openOn, sqliteError } from './faults.ts'
import { tempFile, tidy } from './folder.ts'

/** What only reads is served between the steps of what writes, as in the worker; and what writes may fail. */
afterAll(tidy)

const total = 400

test.each([1, 2, 3, 4, 5, 6])(
  'commits that fail now and then double no output and lose no request (seed %i)',
  async (seed) => {
    const random = createRandom(seed)
    const disk = new Disk()
    const path = tempFile()
    const clock = new HastyClock()
    const frontier = new SqliteFrontier(path, { clock, channel: interleaved(path, disk, clock) })
    await frontier.outputs.attach(['sink'])
    await frontier.discover([{ request: request('0', { host: 'host0' }) }])
    disk.fault = (_, sql) => (sql === 'COMMIT' && random() < 0.2 ? full() : undefined)
    await Promise.all(Array.from({ length: 6 }, () => crawl(frontier)))
    expect(await frontier.stats()).toMatchObject({ ready: 0, waiting: 0, leased: 0, done: total })
    const outputs = await frontier.outputs.read(0, 10 * total)
    const requests = outputs.map(({ record }) => record.request)
    expect(requests).toHaveLength(total)
    expect(new Set(requests).size).toBe(total)
    disk.fault = () => undefined
    await frontier.close()
  },
)

test('what was given inside a transaction that failed is good when its row was there before', async () => {
  const disk = new Disk()
  const path = tempFile()
  const clock = new HastyClock()
  const frontier = new SqliteFrontier(path, { clock, channel: interleaved(path, disk, clock) })
  await frontier.discover([{ request: request('old') }])
  let left = 1
  disk.fault = (_, sql) => (sql === 'COMMIT' && left-- > 0 ? full() : undefined)
  const fresh = Array.from({ length: 200 }, (_, n) => ({ request: request(`new${n}`) }))
  const added = frontier.discover(fresh)
  const leases = await frontier.take({ max: 20, now: 0 })
  await added
  expect(leases.map(({ request: { id } }) => id)).toContain('old')
  const rest = await frontier.take({ max: 500, now: 0 })
  expect(rest.map(({ request: { id } }) => id)).not.toContain('old')
  const [first, ...others] = await frontier.settle([...leases, ...rest].map(done))
  expect(first).toBeUndefined()
  expect(others.filter((settled) => settled !== 'stale')).toHaveLength(200)
  expect(await frontier.stats()).toMatchObject({ ready: 0, waiting: 0, leased: 0, done: 201 })
  await frontier.close()
})

test('a read that ends the transaction around it is not passed over', async () => {
  const disk = new Disk()
  const path = tempFile()
  const clock = new HastyClock()
  const frontier = new SqliteFrontier(path, { clock, channel: interleaved(path, disk, clock) })
  const four = ['a', 'b', 'c', 'd'].map((host) => ({ request: request(host, { host }) }))
  await frontier.discover(four)
  await frontier.outputs.attach(['sink'])
  const leases = await frontier.take({ max: 2, now: 0 })
  let reads = 0
  disk.readFault = (sql) => {
    if (!/FROM queue\s+WHERE host = \? AND lane = \? AND \(due/.test(sql) || ++reads !== 2) return undefined
    disk.database!.exec('ROLLBACK') // as SQLite does by itself after some errors of the disk
    return sqliteError(10, 'disk I/O error')
  }
  const settling = frontier.settle(
    leases.map((lease) => ({ ...done(lease), outputs: outputsOf(lease, 30) }) as Settlement),
  )
  const more = frontier.discover(Array.from({ length: 100 }, (_, n) => ({ request: request(`more${n}`) })))
  await frontier.take({ max: 2, now: 0 })
  await settling
  await more
  disk.readFault = () => undefined
  expect(await frontier.stats()).toMatchObject({ waiting: 0, done: 2 })
  const outputs = await frontier.outputs.read(0, 1_000)
  expect(outputs.map(({ position }) => position)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
  await frontier.close()
})

test('closing after a commit that failed leaves every request within reach', async () => {
  const disk = new Disk()
  const path = tempFile()
  const clock = new ManualClock()
  const frontier = openOn(disk, path, clock)
  const hosts = Array.from({ length: 12 }, (_, n) => `host${n}`)
  const of = (name: string) => hosts.map((host) => ({ request: request(`${name}-${host}`, { host }) }))
  await frontier.discover(of('first'))
  let left = 1
  disk.fault = (_, sql) => (sql === 'COMMIT' && left-- > 0 ? full() : undefined)
  const refused = frontier.discover(of('second')).catch((error: unknown) => error)
  await frontier.close()
  expect(await refused).toMatchObject({ code: 'STATE_FAILED' })
  const again = await openSqliteFrontier({ path, clock, inline: true })
  expect(await again.take({ max: 100, now: 0 })).toHaveLength(12)
  await again.close()
})

/** Each request leads to three others; outputs go with its end. */
async function crawl(frontier: Frontier): Promise<void> {
  for (;;) {
    const leases = await frontier.take({ max: 4, now: 0 })
    for (const lease of leases) {
      const n = Number(lease.request.id)
      const links = [2 * n + 1, 2 * n + 2, 3 * n].filter((link) => link < total)
      await frontier.discover(
        links.map((link) => ({ request: request(`${link}`, { host: `host${link % 9}` }) })),
      )
      const [settled] = await frontier.settle([
        { ...done(lease), outputs: outputsOf(lease, 1) } as Settlement,
      ])
      if (settled !== 'stale') expect(settled).toBeGreaterThan(0)
    }
    const { ready, waiting, leased } = await frontier.stats()
    if (ready + waiting + leased === 0) return
    await setImmediate()
  }
}

const done = (lease: Lease) => ({ lease, kind: 'done' }) as const

function outputsOf({ request: { id } }: Lease, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'item' as const,
    request: id,
    index,
    source: 'test',
    value: { id },
  }))
}

function interleaved(path: string, disk: Disk, clock: ManualClock): Channel {
  const store = openStore({ path, now: clock.now(), wall: clock.wall(), recent: 8 }, disk.wrap)
  return {
    async send(message) {
      if (message.isRead) {
        await setImmediate()
        return store.read(message)
      }
      const work = store.write(message)
      for (;;) {
        const step = work.next()
        if (step.done) return step.value
        await setImmediate()
      }
    },
    async close() {
      store.close()
    },
  }
}
