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

/** What has happened to a fleet of ten, and what a naive record of it says: groups as sets. */
const step = fc.oneof(
  fc.record({ what: fc.constant('agree' as const), one: fc.nat(9), other: fc.nat(9) }),
  fc.record({ what: fc.constant('convict' as const), one: fc.nat(9) }),
  fc.record({ what: fc.constant('forget' as const), one: fc.nat(9) }),
  fc.record({ what: fc.constant('replace' as const), one: fc.nat(9) }),
  fc.record({ what: fc.constant('alarm' as const) }),
)

it('groups are as large as what agreed, whatever is forgotten, convicted or replaced', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { honesty, owners, agree } = open(10)
      let groups: Set<number>[] = Array.from({ length: 10 }, (_, proxy) => new Set([proxy]))
      const convicted = new Set<number>()
      const groupOf = (proxy: number) => groups.find((group) => group.has(proxy))!
      const leave = (proxy: number) => {
        groupOf(proxy).delete(proxy)
        groups.push(new Set([proxy]))
        convicted.delete(proxy)
      }
      for (const event of steps) {
        if (event.what === 'alarm') honesty.raiseAlarm(1)
        else if (event.what === 'agree') {
          if (event.one === event.other) continue
          agree(event.one, event.other)
          const [one, other] = [groupOf(event.one), groupOf(event.other)]
          if (one === other) continue
          groups = groups.filter((group) => group !== one && group !== other)
          groups.push(new Set([...one, ...other]))
        } else if (event.what === 'convict') {
          convict(honesty, event.one)
          convicted.add(event.one)
        } else if (event.what === 'forget') {
          honesty.forget(event.one)
          leave(event.one)
        } else {
          owners[event.one] = {}
          honesty.take(event.one)
          leave(event.one)
        }
        for (let proxy = 0; proxy < 10; proxy++) {
          const group = groupOf(proxy)
          const size = [...group].filter((each) => !convicted.has(each)).length
          expect(honesty.groupSize(proxy)).toBe(size)
          expect(new Set(honesty.companions(proxy))).toEqual(group)
          expect(honesty.companions(proxy)).toHaveLength(group.size)
          expect(honesty.isConvicted(proxy)).toBe(convicted.has(proxy))
          if (convicted.has(proxy)) expect(honesty.isProven(proxy, 10)).toBe(false)
        }
      }
    }),
    { numRuns: 150 },
  )
})
