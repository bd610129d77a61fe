import { describe, expect, test } from 'vitest'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'

export interface SinkUnderTest {
  readonly sink: Sink
  /** The values that have arrived, in order. */
  read(): Promise<unknown[]>
  /** Makes the next `write` reject after `records` records at most have got through; left out where nothing can fail. */
  failNext?(records: number): void
  /**
   * The sink of the next process, not yet opened, after this one was killed. `missing` bytes of what a file got last did
   * not get there. Left out where nothing can be looked up, and the last batch may come twice.
   */
  restart?(missing: number): Promise<Sink>
}

/** What every sink must do. Values are objects with the keys `n` and `text`. */
export function sinkContract(name: string, create: () => Promise<SinkUnderTest>): void {
  describe(`${name} keeps the sink's contract`, () => {
    test('what was written is there when the write resolves, in order', async () => {
      const { sink, read } = await create()
      await sink.open()
      await sink.write([item(0), item(1)])
      expect(await read()).toEqual([sample(0), sample(1)])
      await sink.write([item(2)])
      await sink.close()
      expect(await read()).toEqual([sample(0), sample(1), sample(2)])
    })

    test('an empty batch changes nothing', async () => {
      const { sink, read } = await create()
      await sink.open()
      await sink.write([])
      await sink.close()
      expect(await read()).toEqual([])
    })

    test('text with line ends, quotes and other alphabets comes through', async () => {
      const { sink, read } = await create()
      const value = { n: 1, text: 'a "b", c\r\nd\n\u2028 ünï 漢字 🚣' }
      await sink.open()
      await sink.write([{ ...item(0), value }])
      await sink.close()
      expect(await read()).toEqual([value])
    })

    test('closing twice is closing once', async () => {
      const { sink } = await create()
      await sink.open()
      await sink.close()
      await sink.close()
    })

    test.for([0, 1, 2])(
      'a batch that failed after %i records is there once when it came again',
      async (after, { skip }) => {
        const { sink, read, failNext } = await create()
        if (!failNext) return skip('its writes cannot fail and then succeed')
        await sink.open()
        await sink.write([item(0)])
        failNext(after)
        const batch = [item(1), item(2), item(3)]
        await expect(sink.write(batch)).rejects.toMatchObject({ code: 'SINK_FAILED' })
        await sink.write(batch)
        await sink.write([item(4)])
        await sink.close()
        expect(await read()).toEqual([0, 1, 2, 3, 4].map(sample))
      },
    )

    test('a batch that came again before it was known to be there is there once', async ({ skip }) => {
      const under = await create()
      if (!under.restart) return skip('nobody knows what it has after a restart')
      const { sink, read } = under
      await sink.open()
      await sink.write([item(0)])
      const batch = [item(1), item(2), item(3)]
      const place = await sink.place?.()
      await sink.write(batch)
      const next = await under.restart(0)
      await next.open()
      await (place === undefined ? next.write(batch) : next.complete!(batch, place))
      await next.write([item(4)])
      await next.close()
      expect(await read()).toEqual([0, 1, 2, 3, 4].map(sample))
    })

    test('a batch is completed from wherever a kill has cut it, also the first one', async ({ skip }) => {
      for (const before of [[item(0)], []]) {
        const batch = [item(1), item(2)]
        for (let missing = 0, length = 0; missing <= length; missing++) {
          const under = await create()
          const { sink, read } = under
          if (!sink.place || !under.restart) return skip('it has no place')
          await sink.open()
          await sink.write(before)
          const place = await sink.place()
          await sink.write(batch)
          length = (await sink.place()) - place
          expect(length).toBeGreaterThan(0)
          const next = await under.restart(missing)
          await next.open()
          await next.complete!(batch, place)
          await next.write([item(3)])
          await next.close()
          expect(await read(), `${missing} bytes missing`).toEqual(
            [...before, ...batch, item(3)].map(({ value }) => value),
          )
        }
      }
    })
  })
}

export function item(n: number): SinkRecord {
  return { kind: 'item', request: `r${Math.floor(n / 2)}`, index: n % 2, source: 'test', value: sample(n) }
}

function sample(n: number): { n: number; text: string } {
  return { n, text: `text ${n}` }
}
