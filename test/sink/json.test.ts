import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { createJsonSink } from '../../src/sink/json.ts'

/** A file that is one JSON array: what is in it after each write, and after a process died at any byte of one. */
let folder: string
let to: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-json-'))
  to = join(folder, 'items.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const items = (...numbers: number[]): SinkRecord[] =>
  numbers.map((n) => ({ kind: 'item', request: `r${n}`, index: 0, source: 's', value: { n, text: 'ü]\n' } }))
const numbers = async () => (JSON.parse(await readFile(to, 'utf8')) as { n: number }[]).map(({ n }) => n)

test('it is a whole array after each batch, and without any item an empty one', async () => {
  const sink = createJsonSink({ to })
  await sink.open()
  await sink.close()
  expect(await numbers()).toEqual([])
  const again = createJsonSink({ to })
  await again.open()
  await again.write(items(1, 2))
  expect(await numbers()).toEqual([1, 2])
  await again.write(items(3))
  expect(await numbers()).toEqual([1, 2, 3])
  await again.close()
  expect(await numbers()).toEqual([1, 2, 3])
})

test('an array that somebody else wrote is added to, and anything else is refused and kept', async () => {
  await writeFile(to, '[{"n": 1}, {"n": 2}]')
  const sink = createJsonSink({ to })
  await sink.open()
  await sink.write(items(3))
  await sink.close()
  expect(await numbers()).toEqual([1, 2, 3])
  await writeFile(to, '{"n":1}\n{"n":2}\n')
  await expect(createJsonSink({ to }).open()).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: expect.stringContaining('it holds no JSON array'),
  })
  expect(await readFile(to, 'utf8')).toBe('{"n":1}\n{"n":2}\n')
})

test.each([[[]], [[1, 2]]])(
  'a batch torn at any byte is there once after the next run, behind %j',
  async (before) => {
    const first = createJsonSink({ to })
    await first.open()
    if (before.length > 0) await first.write(items(...before))
    const place = await first.place!()
    const old = before.length > 0 ? await readFile(to) : Buffer.from('')
    await first.write(items(8, 9))
    await first.close()
    const whole = await readFile(to)
    const states = [
      old,
      ...Array.from({ length: whole.length - place + 1 }, (_, n) => whole.subarray(0, place + n)),
    ]
    for (const state of states) {
      await writeFile(to, state)
      const sink = createJsonSink({ to })
      await sink.open()
      await sink.complete!(items(8, 9), place)
      await sink.write(items(10))
      await sink.close()
      expect(await numbers(), state.toString()).toEqual([...before, 8, 9, 10])

      // Without a state nobody knows of the batch: what is whole of it stays.
      await writeFile(to, state)
      const unaware = createJsonSink({ to })
      await unaware.open()
      await unaware.write(items(10))
      await unaware.close()
      const found = await numbers()
      expect([...before, 8, 9, 10].filter((n) => found.includes(n))).toEqual(found)
      expect(found.slice(0, before.length)).toEqual(before)
    }
  },
)
