import { describe, expect, it } from 'vitest'
import { Oddities } from '../../src/trust/oddities.ts'

const url = (n: number) => `http://site.test/${n}`
/** A body and a skeleton by number. */
const glance = (body: number, skeleton = 1) => ({ body, skeleton })

function warmed(): Oddities {
  const oddities = new Oddities()
  for (let n = 0; n < 40; n++) oddities.isOdd(n % 6, url(n), glance(1_000 + n), false)
  return oddities
}

describe('the same bytes', () => {
  it('for another URL from one exit alone are odd', () => {
    const oddities = warmed()
    oddities.isOdd(0, url(100), glance(7), false)
    expect(oddities.isOdd(0, url(101), glance(7), false)).toBe(true)
  })

  it('for the same URL are not', () => {
    const oddities = warmed()
    for (const exit of [0, 1, 0]) expect(oddities.isOdd(exit, url(100), glance(7), false)).toBe(false)
  })

  it('over many exits are the shell of an application', () => {
    const oddities = warmed()
    for (let n = 0; n < 6; n++) oddities.isOdd(n, url(200 + n), glance(9), false)
    expect(oddities.isOdd(7, url(300), glance(9), false)).toBe(false)
  })

  it('are odd for every exit once a comparison has shown that they are made up', () => {
    const oddities = warmed()
    oddities.learn(url(100), glance(7, 33), false)
    for (const exit of [1, 2, 3, 4, 5, 6])
      expect(oddities.isOdd(exit, url(400 + exit), glance(7, 33), false)).toBe(true)
  })

  it('are the page itself once a comparison has shown that for two URLs', () => {
    const oddities = warmed()
    oddities.learn(url(100), glance(7), true)
    oddities.learn(url(101), glance(7), true)
    expect(oddities.isOdd(0, url(102), glance(7), false)).toBe(false)
  })
})

describe('a skeleton that nobody else has brought', () => {
  it('is odd at a host whose pages are alike', () => {
    expect(warmed().isOdd(0, url(100), glance(7, 99), false)).toBe(true)
  })

  it('is usual at a host where every page is another one', () => {
    const oddities = new Oddities()
    for (let n = 0; n < 40; n++) oddities.isOdd(n % 6, url(n), glance(1_000 + n, n), false)
    expect(oddities.isOdd(0, url(100), glance(7, 99), false)).toBe(false)
  })

  it('says nothing on the first pages', () => {
    const oddities = new Oddities()
    for (let n = 0; n < 8; n++) expect(oddities.isOdd(n % 3, url(n), glance(n, n), false)).toBe(false)
  })
})

it('an answer that there is no page is odd until a comparison has shown that the host gives it', () => {
  const oddities = warmed()
  const missing = glance(7, 50)
  for (const exit of [0, 1, 2, 3, 4, 5])
    expect(oddities.isOdd(exit, url(100 + exit), missing, true)).toBe(true)
  oddities.learn(url(100), missing, true)
  expect(oddities.isOdd(6, url(106), missing, true)).toBe(false)
})

it('a lie that comes again and again is remembered through many pages', () => {
  const oddities = warmed()
  oddities.learn(url(100), glance(7, 1), false)
  for (let n = 0; n < 40_000; n++) {
    oddities.isOdd(n % 9, url(1_000 + n), glance(5_000 + n), false)
    if (n % 1_000 === 0) expect(oddities.isOdd(3, url(500_000 + n), glance(7), false)).toBe(true)
  }
})

it('what is remembered has a bound', () => {
  const oddities = new Oddities()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 200_000; n++) oddities.isOdd(n % 50, url(n), glance(n, n), false)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6)
})
