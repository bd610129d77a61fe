import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sinkFor } from '../../src/cli/out.ts'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createTerminal } from '../cli/terminal.ts'

/** Outputs that end in `.gz`: what any reader makes of them, after each batch and after a crash at any byte. */
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-gzip-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const items = (...numbers: number[]): SinkRecord[] =>
  numbers.map((n) => ({ kind: 'item', request: `r${n}`, index: 0, source: 's', value: { n } }))

function open(out: string): Promise<Sink> {
  const { io } = createTerminal({ cwd: folder })
  const sink = sinkFor(out, io, { note() {}, warn() {} })
  return sink.open().then(() => sink)
}

const readers: Record<string, (text: string) => number[]> = {
  'out.jsonl.gz': (text) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).n as number),
  'out.json.gz': (text) => (JSON.parse(text) as { n: number }[]).map(({ n }) => n),
  'out.csv.gz': (text) => text.split('\r\n').slice(1, -1).map(Number),
}

test.each(Object.keys(readers))(
  '%s is whole after each batch, and after a crash at any byte of one',
  async (out) => {
    const to = join(folder, out)
    const numbers = async () => readers[out]!(gunzipSync(await readFile(to)).toString())
    const first = await open(out)
    await first.write(items(1, 2))
    expect(await numbers()).toEqual([1, 2])
    const place = await first.place!()
    await first.write(items(3))
    await first.close()
    expect(await numbers()).toEqual([1, 2, 3])

    const whole = await readFile(to)
    for (let cut = place; cut <= whole.length; cut++) {
      await writeFile(to, whole.subarray(0, cut))
      const sink = await open(out)
      await sink.complete!(items(3), place)
      await sink.write(items(4))
      await sink.close()
      expect(await numbers(), `completed, cut at ${cut}`).toEqual([1, 2, 3, 4])

      await writeFile(to, whole.subarray(0, cut))
      const unaware = await open(out)
      await unaware.write(items(4))
      await unaware.close()
      expect(
        (await numbers()).filter((n) => n !== 3),
        `repaired, cut at ${cut}`,
      ).toEqual([1, 2, 4])
    }
  },
)

test('a file that another program has compressed is added to', async () => {
  await writeFile(join(folder, 'out.jsonl.gz'), gzipSync('{"n":1}\n'))
  const sink = await open('out.jsonl.gz')
  await sink.write(items(2))
  await sink.close()
  expect(gunzipSync(await readFile(join(folder, 'out.jsonl.gz'))).toString()).toBe('{"n":1}\n{"n":2}\n')
})

test('a database is not compressed, which is said', () => {
  const { io } = createTerminal({ cwd: folder })
  expect(() => sinkFor('out.db.gz', io, { note() {}, warn() {} })).toThrow(/cannot be written compressed/)
})
