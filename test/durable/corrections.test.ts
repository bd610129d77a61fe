import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { liveUntil } from './life.ts'

/** Each process is killed with SIGKILL while it corrects, or takes out of its files what was wrong. */
const count = 120
const kills = 3

it('killed at any moment and resumed, a crawl that corrects has each right item once and no wrong one', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-corrected-'))
  const random = createRandom(2026)
  try {
    let killed = 0
    let summary = await live(folder, random() * 90)
    for (; summary === undefined; killed++) {
      summary = await live(folder, killed < kills ? random() * 110 : Number.POSITIVE_INFINITY)
    }
    expect(killed).toBeGreaterThan(kills / 2)
    expect(summary).toMatchObject({ pages: count, items: count, ending: 'finished' })
    expect(summary.corrected).toBeGreaterThan(count / 5)

    const titles = Array.from({ length: count }, (_, n) => `page /${n}`).sort()
    const text = await readFile(join(folder, 'items.jsonl'), 'utf8')
    const items = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { title: string }).title)
    expect(items.sort()).toEqual(titles)
    const table = (await readFile(join(folder, 'items.csv'), 'utf8')).trim().split('\r\n').slice(1)
    expect(table.sort()).toEqual(titles)
    const database = new DatabaseSync(join(folder, 'items.sqlite'))
    const rows = database.prepare('SELECT title FROM pages').all()
    database.close()
    expect(rows.map(({ title }) => title).sort()).toEqual(titles)
    expect((await readdir(folder)).filter((name) => name.endsWith('.growing'))).toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('killed at any moment and resumed, a crawl whose exits contradict each other has each item once, and marked', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-contested-'))
  const random = createRandom(2027)
  try {
    let killed = 0
    let summary = await live(folder, random() * 90, 'contested')
    for (; summary === undefined; killed++) {
      summary = await live(folder, killed < kills ? random() * 110 : Number.POSITIVE_INFINITY, 'contested')
    }
    expect(killed).toBeGreaterThan(kills / 2)
    expect(summary).toMatchObject({ pages: count, items: count, marked: count, ending: 'finished' })

    const lines = (await readFile(join(folder, 'items.jsonl'), 'utf8')).trim().split('\n')
    const items = lines.map((line) => JSON.parse(line) as { title: string; _trust?: string })
    expect(items).toHaveLength(count)
    expect(items.filter(({ _trust }) => _trust !== 'contested')).toEqual([])
    const right = items.map(({ title }) => title).filter((title) => title !== 'a notice')
    expect(new Set(right).size).toBe(right.length)
    expect(right.length).toBeGreaterThan(count / 3)
    const [head, ...table] = (await readFile(join(folder, 'items.csv'), 'utf8')).trim().split('\r\n')
    expect(head).toBe('title,_trust')
    expect(table.sort()).toEqual(items.map(({ title }) => `${title},contested`).sort())
    const database = new DatabaseSync(join(folder, 'items.sqlite'))
    const rows = database.prepare('SELECT title, _trust FROM pages').all()
    database.close()
    expect(rows.map(({ title, _trust }) => `${title},${_trust}`).sort()).toEqual(table.sort())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** One life, which is killed so many ms after it has begun to correct. */
function live(folder: string, ms: number, how = 'lies'): Promise<{ readonly corrected: number } | undefined> {
  return liveUntil('./corrected-crawl.ts', [folder, String(count), how], ms)
}
