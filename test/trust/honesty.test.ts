import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Honesty } from '../../src/trust/honesty.ts'
import { kinds } from '../../src/trust/kind.ts'

const many = 100

function open(count = 40) {
  const owners: object[] = Array.from({ length: count }, () => ({}))
  const away = new Set<number>()
  const isThere = (proxy: number) => !away.has(proxy)
  const honesty = new Honesty((proxy) => owners[proxy], isThere)
  const agree = (one: number, other: number) => {
    for (const proxy of [one, other]) honesty.confirm(proxy, kinds.html)
    honesty.join(one, other)
  }
  return { owners, away, honesty, agree }
}

function convict(honesty: Honesty, proxy: number): void {
  for (let lie = 0; !honesty.isConvicted(proxy); lie++) honesty.accuse(proxy, `http://site.test/${lie}`, 2)
}

describe('an exit', () => {
  it('is taken at its word for a few answers after one agreement', () => {
    const { honesty, agree } = open()
    agree(0, 1)
    expect([honesty.isProven(0, many), honesty.isProven(2, many)]).toEqual([true, false])
    for (let answer = 0; answer < 8; answer++) honesty.take(0)
    expect(honesty.isProven(0, many)).toBe(false)
  })

  it('is believed after that when four hang together and it was compared again', () => {
    const { honesty, agree } = open()
    agree(0, 1)
    agree(1, 2)
    for (let answer = 0; answer < 8; answer++) honesty.take(0)
    agree(0, 2)
    expect(honesty.isProven(0, many)).toBe(false)
    agree(3, 0)
    expect(honesty.isProven(0, many)).toBe(true)
  })

  it('of a small fleet is believed when all agree', () => {
    const { honesty, agree } = open()
    agree(0, 1)
    expect(honesty.isAnchored(0, 2)).toBe(true)
    expect(honesty.isAnchored(0, 3)).toBe(false)
    agree(1, 2)
    expect(honesty.isAnchored(0, 3)).toBe(true)
  })

  it('of a small fleet with a known liar is believed when the others agree', () => {
    const { honesty, agree } = open()
    agree(0, 1)
    convict(honesty, 2)
    expect(honesty.isProven(0, 3)).toBe(true)
    expect(honesty.isProven(2, 3)).toBe(false)
  })

  it('of a small group is not believed beside one more than twice as large', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3]) agree(0, other)
    for (let other = 11; other < 19; other++) agree(10, other)
    expect(honesty.isAnchored(10, many)).toBe(true)
    expect(honesty.isAnchored(0, many)).toBe(false)
  })

  it('is convicted of two lies, never of one that it repeats', () => {
    const { honesty } = open()
    for (let time = 0; time < 5; time++) expect(honesty.accuse(0, 'http://site.test/same', 2)).toBe(false)
    expect(honesty.suspects.has(0)).toBe(true)
    expect(honesty.accuse(0, 'http://site.test/other', 2)).toBe(true)
    expect(honesty.suspects.has(0)).toBe(false)
  })

  it('that was accused is suspect until it has said what others say', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3]) agree(0, other)
    honesty.accuse(0, 'http://site.test/once', 1)
    expect(honesty.standingOf(0, many)).toBe('suspect')
    agree(0, 1)
    expect(honesty.standingOf(0, many)).toBe('proven')
  })

  it('has to be found honest again after an alarm', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3]) agree(0, other)
    honesty.raiseAlarm(1)
    expect(honesty.isProven(0, many)).toBe(false)
    agree(0, 1)
    expect([0, 1, 2].map((proxy) => honesty.isProven(proxy, many))).toEqual([true, true, false])
  })

  it('with the number of one that was believed, or convicted, is a stranger', () => {
    const { honesty, owners, agree } = open()
    for (const other of [1, 2, 3]) agree(0, other)
    convict(honesty, 5)
    owners[0] = {}
    owners[5] = {}
    expect(honesty.isProven(0, many)).toBe(false)
    expect(honesty.isConvicted(5)).toBe(false)
    agree(0, 6)
    expect(honesty.isAnchored(0, many)).toBe(false)
    expect([1, 2, 3].map((proxy) => honesty.groupSize(proxy))).toEqual([3, 3, 3])
  })

  it('that lied and has left the list makes no proof easier for those who stay', () => {
    const { honesty, away, agree } = open()
    for (const liar of [10, 11, 12, 13]) convict(honesty, liar)
    for (const liar of [10, 11, 12, 13]) away.add(liar)
    agree(0, 1)
    expect(honesty.isAnchored(0, 6)).toBe(false)
  })

  it('that is forgotten leaves its group whole', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3, 4]) agree(0, other)
    honesty.forget(0)
    expect([1, 2, 3, 4].map((proxy) => honesty.isProven(proxy, many))).toEqual([true, true, true, true])
    expect(honesty.isProven(0, many)).toBe(false)
    expect(honesty.companions(1).sort()).toEqual([1, 2, 3, 4])
  })

  it('that is forgotten takes nothing with it of what was said against its group', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3, 4]) agree(0, other)
    honesty.outweigh(0, [10, 11, 12, 13, 14, 15])
    expect(honesty.isAnchored(1, many)).toBe(false)
    honesty.forget(0)
    expect([1, 2, 3, 4].some((proxy) => honesty.isAnchored(proxy, many))).toBe(false)
  })

  it('is not firm in a group that has lost so many that another one is larger', () => {
    const { honesty, agree } = open()
    for (let other = 1; other < 14; other++) agree(0, other)
    for (let other = 21; other < 32; other++) agree(20, other)
    expect([honesty.isFirm(0, many), honesty.isFirm(20, many)]).toEqual([true, false])
    for (let liar = 1; liar < 6; liar++) convict(honesty, liar)
    expect([honesty.isFirm(0, many), honesty.isFirm(20, many)]).toEqual([false, true])
  })

  it('that says of many pages that they are gone is believed about endings alone', () => {
    const { honesty } = open()
    for (let time = 0; time < 3; time++) honesty.agreeOnEnd(0)
    expect(honesty.isProven(0, many, kinds.end)).toBe(true)
    expect(honesty.isProven(0, many, kinds.html)).toBe(false)
  })

  it('is believed about the kinds that it was compared in', () => {
    const { honesty, agree } = open()
    for (const other of [1, 2, 3]) agree(0, other)
    expect(honesty.isProven(0, many, kinds.html)).toBe(true)
    expect(honesty.isProven(0, many, kinds.json)).toBe(false)
  })
})

/** What may happen to a fleet of twenty. */
const everybody = Array.from({ length: 20 }, (_, proxy) => proxy)
const who = fc.nat(19)
/** Each with the next one. */
const row = fc.tuple(who, who).map(([from, to]) => everybody.slice(from, to + 1))
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant('agree' as const), exits: fc.tuple(who, who) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('agree' as const), exits: row }) },
  fc.record({ what: fc.constant('convict' as const), one: who }),
  fc.record({ what: fc.constant('forget' as const), one: who }),
  fc.record({ what: fc.constant('replace' as const), one: who }),
  fc.record({
    what: fc.constant('outweigh' as const),
    one: who,
    by: fc.uniqueArray(who, { minLength: 3, maxLength: 19 }),
  }),
  fc.record({ what: fc.constant('alone' as const), one: who }),
  fc.record({ what: fc.constant('alarm' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const pairsOf = (exits: readonly number[]) =>
  exits.slice(1).flatMap((other, at) => (other === exits[at] ? [] : [[exits[at]!, other] as const]))

/** A naive record of it: groups as sets, and who is to be believed found anew each time. */
class Record {
  readonly convicted = new Set<number>()
  readonly #agreed = new Set<number>()
  readonly #alone = new Set<number>()
  readonly #outweighed = new Set<Set<number>>()
  #groups: Set<number>[] = everybody.map((proxy) => new Set([proxy]))

  groupOf(proxy: number): Set<number> {
    return this.#groups.find((group) => group.has(proxy))!
  }

  sizeOf(group: Set<number>): number {
    return [...group].filter((each) => !this.convicted.has(each)).length
  }

  write(event: Step): void {
    if (event.what === 'alarm') this.#agreed.clear()
    else if (event.what === 'agree') for (const [one, other] of pairsOf(event.exits)) this.#agree(one, other)
    else if (event.what === 'convict') this.convicted.add(event.one)
    else if (event.what === 'alone') this.#alone.add(event.one)
    else if (event.what === 'outweigh') this.#outweigh(event.one, event.by)
    else this.#leave(event.one)
  }

  isAnchored(proxy: number, exits: number): boolean {
    const group = this.groupOf(proxy)
    const size = this.sizeOf(group)
    const counted = this.#groups.filter((each) => !this.#outweighed.has(each))
    const most = Math.max(1, ...counted.map((each) => this.sizeOf(each)))
    if (this.#outweighed.has(group) || size < 2 || size * 2 < most) return false
    return size >= 4 || this.#alone.has(proxy) || size >= exits - this.convicted.size
  }

  isProven(proxy: number, exits: number): boolean {
    return this.#agreed.has(proxy) && !this.convicted.has(proxy) && this.isAnchored(proxy, exits)
  }

  #agree(one: number, other: number): void {
    this.#agreed.add(one).add(other)
    const [first, second] = [this.groupOf(one), this.groupOf(other)]
    if (first === second) return
    const both = new Set([...first, ...second])
    if (this.#outweighed.has(first) && this.#outweighed.has(second)) this.#outweighed.add(both)
    this.#groups = [...this.#groups.filter((group) => group !== first && group !== second), both]
  }

  #outweigh(one: number, by: readonly number[]): void {
    const group = this.groupOf(one)
    const size = this.sizeOf(group)
    if (size >= 2 && by.length > size && !by.some((each) => group.has(each))) this.#outweighed.add(group)
  }

  #leave(proxy: number): void {
    this.groupOf(proxy).delete(proxy)
    this.#groups.push(new Set([proxy]))
    for (const set of [this.convicted, this.#agreed, this.#alone]) set.delete(proxy)
  }
}

it('who hangs together, and who is believed, is what a look at everything finds, whatever has happened before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { honesty, owners, agree } = open(20)
      const record = new Record()
      for (const event of steps) {
        record.write(event)
        if (event.what === 'alarm') honesty.raiseAlarm(1)
        else if (event.what === 'agree') {
          for (const [one, other] of pairsOf(event.exits)) agree(one, other)
          // They are not new any more.
          for (const proxy of event.exits) for (let answer = 0; answer < 4; answer++) honesty.take(proxy)
        } else if (event.what === 'convict') convict(honesty, event.one)
        else if (event.what === 'outweigh') honesty.outweigh(event.one, event.by)
        else if (event.what === 'alone') for (let time = 0; time < 4; time++) honesty.isAlone(event.one)
        else if (event.what === 'forget') honesty.forget(event.one)
        else {
          owners[event.one] = {}
          honesty.take(event.one)
        }
        const told = everybody.map((proxy) => [
          honesty.companions(proxy).sort(),
          honesty.groupSize(proxy),
          honesty.isConvicted(proxy),
          [8, 20].map((exits) => [honesty.isProven(proxy, exits), honesty.isAnchored(proxy, exits)]),
        ])
        expect(told).toEqual(
          everybody.map((proxy) => [
            [...record.groupOf(proxy)].sort(),
            record.sizeOf(record.groupOf(proxy)),
            record.convicted.has(proxy),
            [8, 20].map((exits) => [record.isProven(proxy, exits), record.isAnchored(proxy, exits)]),
          ]),
        )
      }
    }),
    { numRuns: 300 },
  )
})
