import { describe, expect, test } from 'vitest'
import type { Page } from '../../src/contracts/page.ts'
import { testSource } from '../../src/testing/index.ts'
import { complaint, front, shopWith, twoPages } from './shop.ts'

describe('reading a page again', () => {
  let count = 0
  const seen = new Set<string>()
  test.each<[string, (page: Page) => unknown, string]>([
    ['a counter of the module', () => ++count, 'items[0].price: first '],
    [
      'what was seen before',
      ({ url }) => Number(seen.has(url)) + 0 * seen.add(url).size,
      'keeps something between pages',
    ],
    ['the clock', () => Date.now(), 'reads the clock'],
    ['the date', () => new Date().getFullYear(), 'reads the clock'],
    ['luck', () => (Math.random() < 0.5 ? 1 : 0), 'draws from Math.random'],
    [
      'its params',
      (page) => {
        ;(page.params as { base: string }).base = 'changed'
        return 1
      },
      'changes what it was given: page.params',
    ],
    [
      'the headers',
      (page) => {
        delete (page.headers as Record<string, unknown>)['content-type']
        return 1
      },
      'changes what it was given: page.headers',
    ],
  ])('finds out a parse that depends on or changes %s', async (_, price, sentence) => {
    const source = shopWith({
      *parse(page: Page) {
        yield page.item({ title: 'Rope', price: price(page) } as never)
      },
    })
    const said = await complaint(testSource(source, [twoPages[0]!]))
    expect(said).toContain('parse() of https://shop.example/ ')
    expect(said).toContain(sentence)
    await expect(testSource(source, [twoPages[0]!], { pure: false })).resolves.toBeDefined()
  })

  test('finds out what one page leaves behind for the next', async () => {
    let last = 0
    const source = shopWith({
      *parse(page: Page) {
        const prices = page
          .$('i')
          .toArray()
          .map((each) => Number(page.$(each).text()))
        yield page.item({ title: 'before', price: last } as never)
        last = prices.at(-1) ?? 0
        yield page.follow('a.next')
      },
    })
    expect(await complaint(testSource(source, twoPages))).toContain('keeps something between pages')
  })

  test('finds out outputs in another order', async () => {
    let isTurned = false
    const source = shopWith({
      *parse(page: Page) {
        isTurned = !isTurned
        const titles = isTurned ? ['a', 'b'] : ['b', 'a']
        for (const title of titles) yield page.item({ title, price: 1 } as never)
      },
    })
    expect(await complaint(testSource(source, [twoPages[0]!]))).toContain(
      'items[0].title: first "b", then "a"',
    )
  })

  test('finds out seeds that depend on the date', async () => {
    const source = shopWith({
      *seeds() {
        yield front
        yield `${front}?day=${new Date().toISOString().slice(0, 10)}`
      },
    })
    const said = await complaint(testSource(source, twoPages))
    expect(said).toContain('seeds() gives something else under another date: it reads the clock')
    expect(said).toContain('seeds[1]: first ')
  })

  test('leaves the date and the luck of others as they are', async () => {
    const [date, random] = [globalThis.Date, Math.random]
    const others: number[] = []
    const source = shopWith({
      async *parse(page: Page) {
        await new Promise((resolve) => setTimeout(resolve, 3))
        yield page.item({ title: 'Rope', price: 1 } as never)
      },
    })
    const watching = setInterval(() => others.push(Date.now()), 1)
    const start = Date.now()
    await testSource(source, [twoPages[0]!])
    clearInterval(watching)
    expect(others.length).toBeGreaterThan(0)
    for (const at of others) expect(at - start).toBeLessThan(60_000)
    expect([globalThis.Date, Math.random]).toEqual([date, random])
  })
})
