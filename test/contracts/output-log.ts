import { describe, expect, test } from 'vitest'
import type { Frontier } from '../../src/contracts/frontier.ts'
import type { OutputLog } from '../../src/contracts/output-log.ts'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { request } from '../frontier/model.ts'

/** What every frontier with a log of outputs must do. `create` gives an empty one. */
export function outputLogContract(name: string, create: () => Promise<Frontier>): void {
  async function open() {
    const frontier = await create()
    let asked = 0
    /** Settles a request of its own with these values as its outputs. */
    const settle = async (...values: unknown[]) => {
      const id = `r${asked++}`
      await frontier.discover([{ request: request(id, { host: id }) }])
      const [lease] = await frontier.take({ max: 1, now: Number.MAX_SAFE_INTEGER })
      const outputs = values.map((value, index) => output(id, index, value))
      const [position] = await frontier.settle([{ lease: lease!, kind: 'done', outputs }])
      return position
    }
    return { frontier, log: frontier.outputs!, settle }
  }

  describe(`${name} keeps the contract of an output log`, () => {
    test('a settlement answers the position of its last output, and undefined without any', async () => {
      const { settle } = await open()
      expect(await settle('a', 'b')).toBe(2)
      expect(await settle()).toBeUndefined()
      expect(await settle('c')).toBe(3)
    })

    test('a settlement that is ignored keeps no outputs', async () => {
      const { frontier, log } = await open()
      await frontier.discover([{ request: request('one') }])
      const [lease] = await frontier.take({ max: 1, now: Number.MAX_SAFE_INTEGER })
      const done = { lease: lease!, kind: 'done' as const, outputs: [output('one', 0, 'a')] }
      expect(await frontier.settle([done, done])).toEqual([1, 'stale'])
      await log.attach(['a'])
      expect(await log.read(0, 10)).toHaveLength(1)
    })

    test('a request that was given up may have outputs too', async () => {
      const { frontier, log } = await open()
      await frontier.discover([{ request: request('one') }])
      const [lease] = await frontier.take({ max: 1, now: Number.MAX_SAFE_INTEGER })
      const reason = { code: 'item-invalid', detail: 'No title.' }
      const outputs = [output('one', 0, 'a')]
      expect(await frontier.settle([{ lease: lease!, kind: 'dead', reason, outputs }])).toEqual([1])
      await log.attach(['a'])
      expect(await log.read(0, 10)).toEqual([{ position: 1, record: outputs[0] }])
    })

    test('values come back as they were', async () => {
      const { log, settle } = await open()
      const value = {
        when: new Date(5),
        seen: new Map([['a', new Set([1])]]),
        big: 10n ** 30n,
        bytes: new Uint8Array([0, 255]),
        holes: [undefined, null, Number.NaN, -0],
        text: 'ü\u0000\n',
      }
      await log.attach(['a'])
      await settle(value)
      expect((await log.read(0, 1))[0]!.record).toMatchObject({ value })
    })

    test('what is read begins behind a position, and is no more than was asked for', async () => {
      const { log, settle } = await open()
      await log.attach(['a'])
      await settle('a', 'b', 'c')
      await settle('d')
      expect(await positions(log, 1, 2)).toEqual([2, 3])
      expect(await positions(log, 3, 2)).toEqual([4])
      expect(await positions(log, 4, 2)).toEqual([])
    })

    test('an output leaves when the last sink has it, and its position never comes again', async () => {
      const { log, settle } = await open()
      expect(await log.attach(['a', 'b'])).toEqual([fresh('a'), fresh('b')])
      await settle('a', 'b', 'c')
      await log.delivered('a', 3)
      expect(await positions(log)).toEqual([1, 2, 3])
      await log.delivered('b', 2)
      expect(await positions(log)).toEqual([3])
      await log.delivered('b', 3)
      expect(await positions(log)).toEqual([])
      expect(await settle('d')).toBe(4)
      expect(await positions(log)).toEqual([4])
    })

    test('a batch that was begun is told until it was delivered', async () => {
      const { log, settle } = await open()
      await log.attach(['a'])
      await settle('a', 'b', 'c')
      await log.begin('a', 2, 700)
      expect(await log.attach(['a'])).toEqual([{ sink: 'a', delivered: 0, begun: { upto: 2, place: 700 } }])
      await log.delivered('a', 1)
      expect(await log.attach(['a'])).toEqual([{ sink: 'a', delivered: 1, begun: { upto: 2, place: 700 } }])
      await log.delivered('a', 2)
      expect(await log.attach(['a'])).toEqual([{ sink: 'a', delivered: 2, begun: undefined }])
    })

    test('what was delivered stays delivered when less is told later', async () => {
      const { log, settle } = await open()
      await log.attach(['a'])
      await settle('a', 'b')
      await log.delivered('a', 2)
      await log.delivered('a', 1)
      expect((await log.attach(['a']))[0]!.delivered).toBe(2)
    })

    test('a new sink lacks what is still here; one that is not named is forgotten with what only it lacked', async () => {
      const { log, settle } = await open()
      await log.attach(['a', 'b'])
      await settle('a', 'b', 'c')
      await log.delivered('a', 2)
      await log.delivered('b', 1)
      expect(await log.attach(['a', 'c'])).toEqual([{ ...fresh('a'), delivered: 2 }, fresh('c')])
      expect(await positions(log)).toEqual([2, 3])
      await log.attach(['a'])
      expect(await positions(log)).toEqual([3])
      expect(await log.attach(['a', 'b'])).toEqual([{ ...fresh('a'), delivered: 2 }, fresh('b')])
    })

    test('without a sink nothing is kept for later', async () => {
      const { log, settle } = await open()
      await settle('a')
      await log.attach([])
      expect(await settle('b')).toBe(2)
      await log.attach(['a'])
      expect(await positions(log)).toEqual([])
      expect(await settle('c')).toBe(3)
      expect(await positions(log)).toEqual([3])
    })

    test('a sink that is not attached is refused, and its neighbours are not', async () => {
      const { log, settle } = await open()
      await log.attach(['a'])
      await settle('a')
      const [good, bad] = await Promise.allSettled([log.begin('a', 1, 5), log.delivered('nobody', 1)])
      expect(good.status).toBe('fulfilled')
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } })
      expect((await log.attach(['a']))[0]!.begun).toEqual({ upto: 1, place: 5 })
    })
  })
}

function output(id: string, index: number, value: unknown): SinkRecord {
  return { kind: 'item', request: id, index, source: 'test', value }
}

function fresh(sink: string) {
  return { sink, delivered: 0, begun: undefined }
}

async function positions(log: OutputLog, after = 0, max = 100): Promise<number[]> {
  return (await log.read(after, max)).map(({ position }) => position)
}
