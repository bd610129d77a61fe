import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { Frontier } from '../../../src/contracts/frontier.ts'
import { openForWriting } from '../../../src/frontier/sqlite/connections.ts'
import { applicationId, migrate, migrations } from '../../../src/frontier/sqlite/migrations.ts'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { openForReading } from '../../../src/sqlite/database.ts'
import { ManualClock, settled } from '../../manual-clock.ts'
import { request } from '../model.ts'
import { Disk, full, openOn } from './faults.ts'
import { tempFile, tidy } from './folder.ts'

afterAll(tidy)

const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({
    request: request(`r${from + n}`, { data: 'x'.repeat(400), host: `host${n % 5}` }),
  }))

test('a disk that is full holds a call up, tells once, and lets it through when there is room', async () => {
  const clock = new ManualClock()
  const stalls: Error[] = []
  const { frontier, limit } = openLimited(clock, (error) => stalls.push(error))
  await frontier.discover(many(50))
  const leases = await frontier.take({ max: 5, now: 0 })
  limit(1)
  const added = frontier.discover(many(500, 50))
  const ended = frontier.settle([{ lease: leases[0]!, kind: 'done' }])
  await settled()
  await clock.advance(4_000)
  expect(stalls).toHaveLength(1)
  expect(stalls[0]).toMatchObject({ code: 'STATE_FAILED', value: { errno: 'ENOSPC' } })
  expect(stalls[0]!.message).toContain('the disk is full. Free some space, then resume')
  expect(await frontier.stats()).toMatchObject({ leased: 5, done: 0 })
  limit(100_000)
  await clock.advance(6_000)
  expect(new Set(await added)).toEqual(new Set(['added']))
  await ended
  expect(await frontier.stats()).toMatchObject({ ready: 545, leased: 4, done: 1 })
  await frontier.close()
})

test('after two minutes a call is given up, later ones at once, and what was leased before still counts', async () => {
  const clock = new ManualClock()
  const { frontier, limit } = openLimited(clock)
  await frontier.discover(many(50))
  const [lease] = await frontier.take({ max: 1, now: 0 })
  limit(1)
  const added = frontier.discover(many(500, 50)).catch((error: unknown) => error)
  await settled()
  await clock.advance(119_000)
  expect(await Promise.race([added, Promise.resolve('waits')])).toBe('waits')
  await clock.advance(2_000)
  expect(await added).toMatchObject({ code: 'STATE_FAILED', value: { errno: 'ENOSPC' } })
  await expect(frontier.discover(many(500, 50))).rejects.toMatchObject({ code: 'STATE_FAILED' })
  limit(100_000)
  await frontier.settle([{ lease: lease!, kind: 'done' }])
  expect(await frontier.stats()).toMatchObject({ ready: 49, leased: 0, done: 1 })
  await frontier.close()
})

test('what cannot be sent is refused, and holds nothing up', async () => {
  const frontier = await openSqliteFrontier({ path: tempFile() })
  await frontier.discover(many(2))
  const [lease] = await frontier.take({ max: 1, now: performance.now() })
  const odd = { lease: lease!, kind: 'done', tally: { pages: (() => 1) as never } } as const
  await expect(frontier.settle([odd])).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(await frontier.settle([{ lease: lease!, kind: 'done' }])).toEqual([undefined])
  expect(await frontier.stats()).toMatchObject({ ready: 1, leased: 0, done: 1 })
  await frontier.close()
})

test('closing while the disk is full waits for nobody', async () => {
  const clock = new ManualClock()
  const path = tempFile()
  const disk = new Disk()
  const frontier = openOn(disk, path, clock)
  await frontier.discover(many(10))
  disk.fault = () => full()
  const added = frontier.discover(many(10, 10)).catch((error: unknown) => error)
  await settled()
  await frontier.close()
  expect(await added).toMatchObject({ code: 'STATE_FAILED' })
  const again = await openSqliteFrontier({ path, clock, inline: true })
  expect(await again.stats()).toMatchObject({ ready: 10 })
  await again.close()
})

test.each([true, false])('after close every call is refused (inline: %s)', async (inline) => {
  const frontier = await openSqliteFrontier({ path: tempFile(), inline })
  const [added] = await Promise.all([frontier.discover(many(3)), frontier.close(), frontier.close()])
  expect(added).toHaveLength(3)
  const stopped = { code: 'STOPPED' }
  await expect(frontier.discover(many(1))).rejects.toMatchObject(stopped)
  await expect(frontier.take({ max: 1, now: 0 })).rejects.toMatchObject(stopped)
  await expect(frontier.stats()).rejects.toMatchObject(stopped)
  await expect(frontier.outputs!.attach([])).rejects.toMatchObject(stopped)
  await expect(frontier.side.get('a')).rejects.toMatchObject(stopped)
})

test.each([true, false])('what is not a state is refused, and kept (inline: %s)', async (inline) => {
  const path = tempFile()
  writeFileSync(path, 'Not a database at all. '.repeat(900))
  const before = digestOf(path)
  const opened = openSqliteFrontier({ path, inline })
  await expect(opened).rejects.toMatchObject({ code: 'STATE_CORRUPT', value: { path } })
  await expect(opened).rejects.toThrow('--salvage')
  expect(digestOf(path)).toBe(before)
})

test.each(['PRAGMA user_version = 2; PRAGMA application_id = 7', ''])(
  "another program's database is refused (%s)",
  async (marks) => {
    const path = tempFile()
    const other = openForWriting(path)
    other.exec(`CREATE TABLE theirs (x); ${marks}`)
    other.close()
    await expect(openSqliteFrontier({ path, inline: true })).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  },
)

test('damage that is met on the way ends the crawl with the name of the file', async () => {
  const path = tempFile()
  const clock = new ManualClock()
  const first = await openSqliteFrontier({ path, clock, inline: true })
  for (let n = 0; n < 20; n++) await first.discover(many(50, n * 50))
  await first.close()
  const database = openForReading(path)
  const leaves = database
    .prepare("SELECT pageno FROM dbstat WHERE name = 'queue' AND pagetype = 'leaf'")
    .all()
  database.close()
  const bytes = readFileSync(path)
  for (const { pageno } of leaves) bytes.fill(0xa5, (Number(pageno) - 1) * 8_192, Number(pageno) * 8_192)
  writeFileSync(path, bytes)
  const second = await openSqliteFrontier({ path, clock, inline: true })
  const taken = takeAll(second)
  await expect(taken).rejects.toMatchObject({ code: 'STATE_CORRUPT', value: { path } })
  await expect(second.discover(many(1, 5_000))).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  await second.close()
})

test('a state of a newer Regatta is refused and not touched', async () => {
  const path = tempFile()
  const frontier = await openSqliteFrontier({ path, inline: true })
  await frontier.close()
  const newer = openForWriting(path)
  newer.exec(`PRAGMA user_version = ${migrations.length + 1}`)
  newer.close()
  const before = digestOf(path)
  const opened = openSqliteFrontier({ path, inline: true })
  await expect(opened).rejects.toMatchObject({ code: 'STATE_VERSION' })
  await expect(opened).rejects.toThrow(path)
  expect(digestOf(path)).toBe(before)
})

test('a state of the first schema is brought up to date and goes on', async () => {
  const path = tempFile()
  const old = openForWriting(path)
  migrate(old, path, 1)
  const { rest } = { rest: (id: string) => JSON.stringify({ id, source: 'test', depth: 0 }) }
  const wall = 1_700_000_000_000
  old.exec(`
    INSERT INTO host (id, key, added, queued, later, lanes) VALUES (1, 'host', 3, 2, 0, 16);
    INSERT INTO queue VALUES (1, 4, ${wall}, 0, 0, 0, 'https://host.example/r0', '${rest('r0')}');
    INSERT INTO queue VALUES (1, 4, ${wall}, 1, 2, 1, 'https://host.example/r1', '${rest('r1')}');
    INSERT INTO dead VALUES
      (1, 'r2', 1, 4, 2, 5, ${wall}, 'blocked', 'No.', 'https://host.example/r2', '${rest('r2')}');
    INSERT INTO meta VALUES ('counts', '{"sequence":3,"queued":2,"done":0,"resting":0,"dead":1,"position":0}')`)
  old.close()
  const clock = new ManualClock()
  const frontier = await openSqliteFrontier({ path, clock, inline: true })
  expect(await frontier.stats()).toMatchObject({ ready: 2, dead: 1, resting: 0, tally: {} })
  const [first, second] = await frontier.take({ max: 9, now: 0 })
  expect(first).toMatchObject({ request: { id: 'r0' }, attempts: 0 })
  expect(second).toMatchObject({ request: { id: 'r1' }, attempts: 2, targetFaults: 1 })
  const memo = { fetchedAt: 1, changedAt: 1 }
  await frontier.settle([{ lease: first!, kind: 'done', next: 0, memo, tally: { pages: 1 } }])
  await frontier.revisit(0)
  expect(await frontier.take({ max: 9, now: 0 })).toMatchObject([{ request: { id: 'r0' }, memo }])
  expect(await frontier.revive()).toBe(1)
  await frontier.close()
  const database = openForWriting(path)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: migrations.length })
  expect(database.prepare('PRAGMA application_id').get()).toEqual({ application_id: applicationId })
  database.close()
})

test('a migration that fails leaves the file as it was', async () => {
  const path = tempFile()
  const old = openForWriting(path)
  migrate(old, path, 1)
  old.exec('CREATE TABLE visit (x)') // in the way of the second step
  old.close()
  await expect(openSqliteFrontier({ path, inline: true })).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  const database = openForWriting(path)
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 })
  const columns = database.prepare("SELECT name FROM pragma_table_info('queue')").all()
  expect(columns).not.toContainEqual({ name: 'memo' })
  database.close()
})

test('a folder that is not there is said to be so', async () => {
  const path = `${tempFile()}-nowhere/crawl.db`
  await expect(openSqliteFrontier({ path, inline: true })).rejects.toMatchObject({ code: 'STATE_FAILED' })
})

test('data that is not JSON is refused with the address of its request, and its neighbours are not', async () => {
  const frontier = await openSqliteFrontier({ path: tempFile(), inline: true })
  const bad = frontier.discover([{ request: request('bad', { data: 5n }) }])
  const good = frontier.discover([{ request: request('good') }])
  await expect(bad).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    value: { url: 'https://host.example/bad' },
  })
  expect(await good).toEqual(['added'])
  await frontier.close()
})

/** With a disk of so many pages. */
function openLimited(clock: ManualClock, onStalled?: (error: Error) => void) {
  const disk = new Disk()
  const frontier = openOn(disk, tempFile(), clock, { ...(onStalled && { onStalled }) })
  const limit = (pages: number) => disk.database!.exec(`PRAGMA max_page_count = ${pages}`)
  return { frontier, limit }
}

async function takeAll(frontier: Frontier): Promise<void> {
  while ((await frontier.take({ max: 50, now: 0 })).length > 0);
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
