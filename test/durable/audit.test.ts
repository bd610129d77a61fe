import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { liveUntil } from './life.ts'

/** Each process is killed with SIGKILL while what it has brought is audited, or corrected because of that. */
const count = 160
const kills = 4

interface Summary {
  readonly audits: number
  readonly corrected: number
}

it('killed in the middle of the closing audit and resumed, a crawl has each right item once and no wrong one', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-audited-'))
  const random = createRandom(2028)
  try {
    let killed = 0
    let summary = await live(folder, random() * 60)
    const lies = (await readFile(join(folder, 'items.jsonl'), 'utf8')).match(/sold by/g)
    expect(summary).toBeUndefined()
    expect(lies?.length).toBeGreaterThan(0)
    for (; summary === undefined; killed++)
      summary = await live(folder, killed < kills ? random() * 250 : Number.POSITIVE_INFINITY)
    expect(killed).toBeGreaterThan(1)
    expect(summary).toMatchObject({ pages: count, items: count, ending: 'finished' })
    // In all of its lives together.
    expect(summary.corrected).toBeGreaterThanOrEqual(lies!.length)
    expect(summary.corrected).toBeLessThan(count / 4)

    const titles = Array.from({ length: count }, (_, n) => `page /${n}`).sort()
    const lines = (await readFile(join(folder, 'items.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { title: string }).title).sort()).toEqual(titles)
    const table = (await readFile(join(folder, 'items.csv'), 'utf8')).trim().split('\r\n').slice(1)
    expect(table.sort()).toEqual(titles)
    const database = new DatabaseSync(join(folder, 'items.sqlite'))
    const rows = database.prepare('SELECT title FROM pages').all()
    database.close()
    expect(rows.map(({ title }) => title).sort()).toEqual(titles)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** One life, which is killed so many ms after its audit has begun, or after it was resumed. */
function live(folder: string, ms: number): Promise<Summary | undefined> {
  return liveUntil('./audited-crawl.ts', [folder, String(count)], ms)
}
