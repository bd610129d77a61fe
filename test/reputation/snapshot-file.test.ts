import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Wheel } from '../../src/base/wheel.ts'
import type { Alert } from '../../src/contracts/events.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { type Database, openDatabase } from '../../src/sqlite/database.ts'
import { numberFrom } from '../../src/sqlite/query.ts'
import {
  openReputationFile,
  type ReputationFile,
  type ReputationFileOptions,
} from '../../src/state/reputation/reputation-file.ts'
import type { SnapshotRecord } from '../../src/state/reputation/snapshot-record.ts'
import { hosts, page, SnapshotWorld, TwoHands } from './snapshot-world.ts'

let folder: string
let path: string
const clock = createVirtualClock(Date.UTC(2026, 0, 1))
let wheel: Wheel
let alerts: Alert[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-reputation-'))
  path = join(folder, 'reputation.sqlite')
  wheel = new Wheel(clock)
  alerts = []
})

afterEach(async () => {
  wheel.clear()
  await rm(folder, { recursive: true, force: true })
})

function open(more: Partial<ReputationFileOptions> = {}): Promise<ReputationFile> {
  return openReputationFile(path, { clock, wheel, alert: (alert) => alerts.push(alert), ...more })
}

/** What the engine would be: something that learns. */
class Teacher {
  lessons = 0
  records = () => this.world.engine.records()
  readonly world = new SnapshotWorld(new TwoHands(1_000, clock.wall()))

  learn(): void {
    this.lessons++
    this.world.clock.pass(600)
    this.world.visit(hosts[0]!, this.lessons % 6, page)
  }
}

async function written(): Promise<Buffer> {
  const teacher = new Teacher()
  for (let n = 0; n < 20; n++) teacher.learn()
  const file = await open()
  file.follow(teacher)
  await file.close()
  return readFile(path)
}

/** Tells when it is closed. */
function closing(database: Database, closed: () => void): Database {
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => database.prepare(sql),
    close: () => {
      closed()
      database.close()
    },
  }
}

/** Virtual time that lets the disk finish. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms)
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('the file', () => {
  it('gives back what was saved, and says whether everything had ended', async () => {
    const teacher = new Teacher()
    const first = await open()
    expect(first.snapshot).toBeUndefined()
    first.follow(teacher)
    teacher.learn()
    await pass(5_000)
    await vi.waitFor(async () => expect((await open()).snapshot?.isFinal).toBe(false))
    await first.close()
    const { snapshot } = await open()
    expect(snapshot).toMatchObject({ version: 1, isFinal: true, at: clock.wall() })
    expect(snapshot?.records).toEqual([...teacher.records()])
    const database = openDatabase(path, [])
    expect(numberFrom(database, 'SELECT count(*) FROM record')).toBe(snapshot!.records.length)
    database.close()
    expect(await readdir(folder)).toEqual(['reputation.sqlite'])
    expect(alerts).toEqual([])
  })

  it('is written each five seconds while there is something new, and not otherwise', async () => {
    const teacher = new Teacher()
    let saves = 0
    const file = await open({
      wrap: (database) => {
        saves++
        return database
      },
    })
    file.follow(teacher)
    await pass(60_000)
    expect(saves).toBe(0)
    teacher.learn()
    await pass(4_000)
    expect(saves).toBe(0)
    await pass(1_100)
    await vi.waitFor(() => expect(saves).toBe(1))
    await vi.waitFor(() => expect(wheel.armed).toBe(1))
    await pass(60_000)
    expect(saves).toBe(1)
    for (let n = 2; n < 6; n++) {
      await vi.waitFor(() => expect(wheel.armed).toBe(1))
      teacher.learn()
      await pass(5_100)
      await vi.waitFor(() => expect(saves).toBe(n))
    }
    await file.close()
    expect(wheel.armed).toBe(0)
  })

  it('is never written twice at a time, and closing waits for the save under way', async () => {
    const teacher = new Teacher()
    let writing = 0
    let most = 0
    // Each look at the clock finds a slice over, and the event loop does not come back until it is released.
    let looks = 0
    const release = Promise.withResolvers<void>()
    const file = await open({
      clock: {
        ...clock,
        now: () => clock.now() + 10 * looks++,
        soon: (fire) => void release.promise.then(fire),
      },
      wrap: (database) => {
        most = Math.max(most, ++writing)
        return closing(database, () => writing--)
      },
    })
    file.follow(teacher)
    for (let n = 0; n < 5; n++) {
      teacher.learn()
      await pass(5_100)
    }
    await vi.waitFor(() => expect(writing).toBe(1))
    const closed = file.close()
    release.resolve()
    await closed
    expect(most).toBe(1)
    expect(writing).toBe(0)
    const { snapshot } = await open()
    expect(snapshot).toMatchObject({ isFinal: true })
    expect(snapshot!.records).toEqual([...teacher.records()])
  })

  it('is left alone by a crawl that learned nothing', async () => {
    const before = await written()
    const file = await open()
    file.follow(new Teacher())
    await pass(20_000)
    await file.close()
    expect(await readFile(path)).toEqual(before)
  })
})

describe('a disk', () => {
  it('that is full is told once, tried again, and ends nothing', async () => {
    const before = await written()
    const teacher = new Teacher()
    let pages = 2 // too few for its tables
    const file = await open({
      wrap: (database) => {
        numberFrom(database, `PRAGMA max_page_count = ${pages}`)
        return database
      },
    })
    file.follow(teacher)
    for (let n = 0; n < 4; n++) {
      teacher.learn()
      await pass(5_100)
    }
    await vi.waitFor(() => expect(alerts).toMatchObject([{ code: 'STATE_FAILED' }]))
    expect(alerts[0]!.message).toContain('ENOSPC')
    expect(await readFile(path)).toEqual(before)
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual(['reputation.sqlite']))
    pages = 1_000_000
    teacher.learn()
    await pass(5_100)
    await vi.waitFor(async () => expect(await readFile(path)).not.toEqual(before))
    await file.close()
    expect(alerts).toHaveLength(1)
    expect((await open()).snapshot?.records).toEqual([...teacher.records()])
  })

  it('that cannot be read is told, and nothing is written over what is there', async () => {
    path = folder
    const file = await open()
    expect(file.snapshot).toBeUndefined()
    expect(alerts).toMatchObject([{ code: 'STATE_FAILED' }])
    const teacher = new Teacher()
    file.follow(teacher)
    teacher.learn()
    await file.close()
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a file that is no snapshot', () => {
  it('is kept beside, told, and the crawl starts cold', async () => {
    for (const [index, text] of ['', '{"hello":1}', '[1,\n2]\n', 'PK\u0003\u0004'].entries()) {
      alerts = []
      await writeFile(path, text)
      const file = await open()
      expect(file.snapshot).toBeUndefined()
      expect(alerts).toMatchObject([{ code: 'STATE_CORRUPT' }])
      expect(alerts[0]!.message).toContain(`reputation.sqlite.corrupt-${index + 1}`)
      expect(await readFile(`${path}.corrupt-${index + 1}`, 'utf8')).toBe(text)
    }
    await written()
    expect((await open()).snapshot).toBeDefined()
  })

  it('of a newer version is not read and not overwritten', async () => {
    const newer = openDatabase(path, [])
    newer.exec('CREATE TABLE shape (another); PRAGMA application_id = 0x52475250; PRAGMA user_version = 2')
    newer.close()
    const before = await readFile(path)
    const file = await open()
    expect(file.snapshot).toBeUndefined()
    expect(alerts).toMatchObject([{ code: 'STATE_VERSION' }])
    const teacher = new Teacher()
    file.follow(teacher)
    teacher.learn()
    await pass(20_000)
    await file.close()
    expect(await readdir(folder)).toEqual(['reputation.sqlite'])
    expect(await readFile(path)).toEqual(before)
  })

  it('of another program is kept beside, also when it is a sound database', async () => {
    const other = openDatabase(path, [])
    other.exec('CREATE TABLE theirs (x)')
    other.close()
    expect((await open()).snapshot).toBeUndefined()
    expect(alerts).toMatchObject([{ code: 'STATE_CORRUPT' }])
    expect(await readdir(folder)).toEqual(['reputation.sqlite.corrupt-1'])
  })

  it('is found out wherever it was cut or changed, unless it says what it said', async () => {
    const whole = await written()
    const { snapshot } = await open()
    const change = fc.oneof(
      fc.record({ cut: fc.nat(whole.length - 1) }),
      fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) }),
      fc.record({ more: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
      fc.record({ garbage: fc.uint8Array({ maxLength: 400 }) }),
    )
    let found = 0
    await fc.assert(
      fc.asyncProperty(change, async (how) => {
        let bytes: Buffer = Buffer.from(whole)
        if ('cut' in how) bytes = bytes.subarray(0, how.cut)
        else if ('at' in how) bytes[how.at] = how.byte
        else if ('more' in how) bytes = Buffer.concat([bytes, how.more])
        else bytes = Buffer.from(how.garbage)
        fc.pre(!bytes.equals(whole))
        alerts = []
        await writeFile(path, bytes)
        const file = await open()
        // What no table uses may change: then it is read as it was.
        if (file.snapshot) expect(file.snapshot).toEqual(snapshot)
        else {
          found++
          expect(alerts).toHaveLength(1)
          // Only the bytes of the version itself may turn it into another version.
          if (alerts[0]!.code !== 'STATE_VERSION') expect(alerts[0]!.code).toBe('STATE_CORRUPT')
        }
        for (const name of await readdir(folder)) await rm(join(folder, name))
      }),
      { numRuns: 300 },
    )
    expect(found).toBeGreaterThan(150)
  })
})

describe('what an earlier version wrote', () => {
  const old = () => path.replace('.sqlite', '.json')

  /** Its format: a JSON array, a record a line, with a checksum over the lines in the last one. */
  async function writeOld(change = (text: string) => text): Promise<Teacher> {
    const teacher = new Teacher()
    for (let n = 0; n < 20; n++) teacher.learn()
    const header = { kind: 'regatta-reputation', version: 1, at: clock.wall(), isFinal: true }
    const records = [...teacher.records()]
    const body = `[${[header, ...records].map((each) => `${JSON.stringify(each)},\n`).join('')}`
    const sha256 = createHash('sha256').update(body).digest('hex')
    await writeFile(
      old(),
      change(`${body}${JSON.stringify({ kind: 'end', records: records.length, sha256 })}]\n`),
    )
    return teacher
  }

  it('is read, and gone once there is a file of this version that holds it', async () => {
    const teacher = await writeOld()
    const file = await open()
    expect(file.snapshot).toMatchObject({ version: 1, isFinal: true })
    expect(file.snapshot?.records).toEqual([...teacher.records()])
    expect(await readdir(folder)).toEqual(['reputation.json'])
    file.follow(teacher)
    await file.close()
    expect(await readdir(folder)).toEqual(['reputation.sqlite'])
    expect((await open()).snapshot?.records).toEqual([...teacher.records()])
    expect(alerts).toEqual([])
  })

  it.each([
    ['cut', (text: string) => text.slice(0, -20)],
    ['changed', (text: string) => text.replace('"uses":[', '"uses":[1')],
  ])('is kept beside when it was %s, and the crawl starts cold', async (_, change) => {
    await writeOld(change)
    expect((await open()).snapshot).toBeUndefined()
    expect(alerts).toMatchObject([{ code: 'STATE_CORRUPT' }])
    expect(await readdir(folder)).toEqual(['reputation.json.corrupt-1'])
  })
})

describe('a large snapshot', () => {
  it('lets the event loop turn while it is written and read', async () => {
    const teacher = new Teacher()
    for (let n = 0; n < 60; n++) teacher.learn()
    const some = [...teacher.records()]
    const many: SnapshotRecord[] = Array.from({ length: 3_000 }, () => some).flat()
    const file = await open({
      clock: { ...clock, now: () => performance.now(), soon: (fire) => void setImmediate(fire) },
    })
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    file.follow({ lessons: 1, records: () => many })
    await file.close()
    const whileWriting = turns
    const again = await open({
      clock: { ...clock, now: () => performance.now(), soon: (fire) => void setImmediate(fire) },
    })
    isOver = true
    expect(again.snapshot?.records).toHaveLength(many.length)
    expect(whileWriting).toBeGreaterThan(20)
    expect(turns - whileWriting).toBeGreaterThan(20)
  })
})
