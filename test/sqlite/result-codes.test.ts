import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Database, openDatabase, openForReading } from '../../src/sqlite/database.ts'
import { inTransaction, numberFrom } from '../../src/sqlite/query.ts'
import { sqliteFailure } from '../../src/sqlite/result-codes.ts'

const folder = mkdtempSync(join(tmpdir(), 'regatta-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function newFile(): { path: string; database: Database } {
  const path = join(folder, `${files++}.db`)
  const database = openDatabase(path, ['page_size = 512'])
  database.exec('CREATE TABLE note (text TEXT)')
  return { path, database }
}

const write = (database: Database) =>
  inTransaction(database, () => database.prepare('INSERT INTO note VALUES (?)').run('x'.repeat(100_000)))

/** What real files do to real statements, on either runtime. */
test.each([
  ['a full disk', 'ENOSPC', 'passing'],
  ['a file that is locked', 'SQLITE_BUSY', 'passing'],
  ['a file that may only be read', 'SQLITE_READONLY', 'access'],
  ['a folder that is not there', 'SQLITE_CANTOPEN', 'access'],
  ['a file that is not there, to be read', 'SQLITE_CANTOPEN', 'access'],
  ['a text', 'SQLITE_NOTADB', 'damage'],
  ['a page of noise', 'SQLITE_CORRUPT', 'damage'],
])('%s is told as %s: %s', (trouble, errno, kind) => {
  const { path, database } = newFile()
  const work: Record<string, () => unknown> = {
    'a full disk': () => {
      numberFrom(database, 'PRAGMA max_page_count = 20')
      write(database)
    },
    'a file that is locked': () => {
      database.exec('BEGIN EXCLUSIVE')
      write(openDatabase(path, []))
    },
    'a file that may only be read': () => write(openForReading(path)),
    'a folder that is not there': () => openDatabase(join(folder, 'none', 'x.db'), []),
    'a file that is not there, to be read': () => openForReading(`${path}-none`),
    'a text': () => {
      const text = join(folder, 'text.db')
      writeFileSync(text, 'no database '.repeat(90))
      openDatabase(text, ['journal_mode = WAL'])
    },
    'a page of noise': () => {
      write(database)
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0xa5, 512))
      numberFrom(openForReading(path), 'SELECT count(*) FROM note')
    },
  }
  expect(failureOf(work[trouble]!)).toMatchObject({ errno, kind })
  database.close()
})

test('what is wrong with a statement is no trouble of the file', () => {
  const { database } = newFile()
  expect(failureOf(() => database.prepare('SELECT * FROM nowhere'))).toBeUndefined()
  database.close()
})

test('a transaction that fails leaves nothing behind, and the next one begins', () => {
  const { database } = newFile()
  const work = () =>
    inTransaction(database, () => {
      database.prepare('INSERT INTO note VALUES (1)').run()
      throw new Error('enough')
    })
  expect(work).toThrow('enough')
  write(database)
  expect(numberFrom(database, 'SELECT count(*) FROM note')).toBe(1)
  database.close()
})

function failureOf(work: () => unknown) {
  try {
    work()
  } catch (error) {
    return sqliteFailure(error)
  }
  return expect.fail('it did not fail')
}
