import { describe, expect, it } from 'vitest'
import type { TellProxy } from '../../src/dashboard/dashboard-view.ts'
import type { ProxyColumns, ProxyDelta } from '../../src/dashboard/protocol.ts'
import { ProxyMirror } from '../../src/dashboard/proxy-mirror.ts'
import { SeriesRecorder } from '../../src/dashboard/series.ts'

/** What the dashboard keeps so that a page sees the past, and is told no more than what has changed. */
describe('the series', () => {
  it('has a row for each second at first, and half as many rows of twice the length when it is full', () => {
    const series = new SeriesRecorder(1_000)
    for (let second = 0; second < 599; second++) {
      series.add(1_000 + second * 1_000, 'answered', 2)
      series.latency(1_000 + second * 1_000, second < 300 ? 100 : 1_000)
    }
    const before = series.read(0, 599_500, 0)
    expect([before.spanMs, before.at.length, before.at[0]]).toEqual([1_000, 599, 1_000])
    expect(before.answered.every((each) => each === 2)).toBe(true)
    series.add(1_000 + 700_000, 'answered', 2)
    const after = series.read(0, 1_000 + 701_000, 0)
    expect([after.spanMs, after.at.length]).toEqual([2_000, 351])
    expect(after.answered.slice(0, 299).every((each) => each === 2)).toBe(true)
    expect(after.p95[10]).toBeGreaterThan(90)
    expect(after.p95[10]).toBeLessThan(112)
    expect(after.p50[200]).toBeGreaterThan(890)
    expect(after.p50[320]).toBeNull()
    // A week later it has no more rows than before.
    expect(series.read(0, 7 * 86_400_000, 0).at.length).toBeLessThanOrEqual(600)
  })

  it('tells the last rows alone, and says where they begin', () => {
    const series = new SeriesRecorder(0)
    series.attempt(500, 'success', 10)
    series.attempt(600, 'blocked', 10)
    series.attempt(700, 'neutral', 0)
    const { from, at, success, attempts, bytes } = series.read(-3, 9_900, 1_000_000)
    expect([from, at]).toEqual([7, [1_007_000, 1_008_000, 1_009_000]])
    const first = series.read(0, 9_900, 0)
    expect([first.success[0], first.attempts[0], first.bytes[0]]).toEqual([0.5, 3, 20])
    expect([success, attempts, bytes]).toEqual([
      [null, null, null],
      [0, 0, 0],
      [0, 0, 0],
    ])
  })
})

interface Row {
  id: string
  state: number
  attempts: number
  tags?: Record<string, string>
}

function read(mirror: ProxyMirror, rows: readonly Row[]): void {
  mirror.read((tell: TellProxy) => {
    for (const { id, state, attempts, tags = none } of rows) tell(id, tags, state, 0, 0, 0.5, 0, attempts, 0)
  })
}

const none = {}

/** What a page makes of it. */
function apply(columns: ProxyColumns, delta: ProxyDelta): void {
  const known = columns as unknown as Record<string, unknown[]>
  for (const name of ['state', 'attempts'] as const)
    for (const [at, row] of delta.rows.entries()) known[name]![row] = delta[name][at]
  if (!delta.added) return
  for (const name of ['id', 'tags', 'state', 'attempts'] as const) known[name]!.push(...delta.added[name])
}

describe('the proxies of a page', () => {
  it('are whole at first, then those that have changed, those that came and those that left', () => {
    const mirror = new ProxyMirror()
    const rows: Row[] = ['a', 'b', 'c'].map((id) => ({ id, state: 0, attempts: 0, tags: { country: 'de' } }))
    read(mirror, rows)
    const page = structuredClone(mirror.whole(0))
    expect([page.id, page.tags, page.tagSets]).toEqual([['a', 'b', 'c'], [0, 0, 0], [{ country: 'de' }]])
    expect(mirror.delta(1)).toBeUndefined()
    rows[1]!.state = 1
    rows.push({ id: 'd', state: 0, attempts: 4 })
    read(mirror, rows.slice(1))
    const delta = mirror.delta(2) as ProxyDelta
    apply(page, delta)
    expect([page.id, page.state, page.attempts]).toEqual([
      ['a', 'b', 'c', 'd'],
      [-1, 1, 0, 0],
      [0, 0, 0, 4],
    ])
    // One that comes back has its old place.
    read(mirror, rows)
    apply(page, mirror.delta(3) as ProxyDelta)
    expect(page.state).toEqual([0, 1, 0, 0])
  })

  it('are told in turns where very many change at once, and none is forgotten', () => {
    const mirror = new ProxyMirror()
    const rows: Row[] = Array.from({ length: 5_000 }, (_, at) => ({ id: `p${at}`, state: 0, attempts: 0 }))
    read(mirror, rows)
    const page = structuredClone(mirror.whole(0))
    for (let second = 1; second <= 3; second++) {
      for (const row of rows) row.attempts = second
      read(mirror, rows)
      const delta = mirror.delta(second) as ProxyDelta
      expect(delta.rows.length).toBe(2_000)
      apply(page, delta)
    }
    expect(Math.min(...page.attempts)).toBeGreaterThan(0)
    for (let second = 4; second <= 6; second++) {
      const delta = mirror.delta(second)
      if (typeof delta === 'object') apply(page, delta)
    }
    expect(page.attempts.every((each) => each === 3)).toBe(true)
    expect(page.attempts).toEqual(mirror.whole(7).attempts)
  })

  it('begin anew when most of the rows are of proxies that are gone', () => {
    const mirror = new ProxyMirror()
    const list = (name: string) =>
      Array.from({ length: 1_500 }, (_, at) => ({ id: `${name}${at}`, state: 0, attempts: 0 }))
    read(mirror, list('a'))
    mirror.whole(0)
    read(mirror, list('b'))
    expect(mirror.delta(1)).toMatchObject({ added: { id: expect.anything() } })
    read(mirror, list('c'))
    expect(mirror.delta(2)).toBe('anew')
    expect(mirror.whole(3).id).toHaveLength(1_500)
  })
})
