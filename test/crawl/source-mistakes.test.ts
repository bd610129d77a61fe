import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { RequestDead } from '../../src/contracts/crawl-events.ts'
import type { Page } from '../../src/contracts/page.ts'
import type { Source } from '../../src/contracts/source.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

/** What an author who made a mistake in a source is told, in the event and in the dead letter. */
const free = { politeness: false, proxies: proxyList(4), concurrency: 8, hedge: false } as const
const here = 'source-mistakes.test.ts'
const url = 'http://target.test/one'

/** A source whose functions are what its author wrote, not what the compiler asks for. */
function sourceWith(members: object): Source {
  const source = {
    name: 'shop',
    params: z.object({}),
    item: z.object({ title: z.string(), price: z.number() }),
    robots: false,
    *seeds() {
      yield url
    },
    *parse() {},
    ...members,
  }
  return defineSource(source as never) as unknown as Source
}

/** The dead letter of the only page, once as the event tells it and once as the summary does. */
async function mistakeOf(members: object): Promise<RequestDead> {
  const scene = await openScene(free, () => good)
  const heard: RequestDead[] = []
  scene.crawler.on('request.dead', (event) => heard.push(event))
  const summary = await scene.until(scene.crawler.crawl(sourceWith(members)).run())
  expect(heard).toHaveLength(1)
  expect(summary.deadLetters).toHaveLength(1)
  expect(heard[0]).toMatchObject(summary.deadLetters[0]!)
  await scene.end()
  return heard[0]!
}

describe('an error in parse', () => {
  it('names the request, the file, the line and the calls that led there', async () => {
    const priceOf = (page: Page) => (page.request.data as { price: number }).price
    const dead = await mistakeOf({
      *parse(page: Page) {
        yield { kind: 'item', value: priceOf(page) }
      },
    })
    expect(dead).toMatchObject({ url, code: 'source-failed' })
    expect(dead.where).toMatch(new RegExp(`^/.*/${here}:\\d+:\\d+$`))
    expect(dead.detail).toContain(`parse() of source "shop" failed at ${dead.where}: Cannot read`)
    expect(dead.stack).toMatch(/^at priceOf .*\nat /)
  })

  it.each([
    ['$', (page: Page) => page.$('h1[').text()],
    ['find', (page: Page) => page.$('html').find('h1[').text()],
    ['closest', (page: Page) => page.$('body').closest('h1[').text()],
    ['follow', (page: Page) => page.follow('h1[')],
  ])('names the selector that %s cannot read', async (_, read) => {
    const dead = await mistakeOf({
      *parse(page: Page) {
        yield { kind: 'item', value: read(page) }
      },
    })
    expect(dead.selector).toBe('h1[')
    expect(dead.detail).toContain('"h1["')
    expect(dead.where).toContain(here)
  })

  it('that is no Error is told as it is', async () => {
    const dead = await mistakeOf({
      // biome-ignore lint/correctness/useYield: it throws before
      *parse() {
        // biome-ignore lint/style/useThrowOnlyError: that is the mistake
        throw 'out of paper'
      },
    })
    expect(dead.detail).toBe('parse() of source "shop" failed: out of paper')
  })
})

describe('an item that does not fit', () => {
  it('is told with its position, and with each field and what was found there', async () => {
    const dead = await mistakeOf({
      *parse(page: Page) {
        yield page.edge({ from: 'a', to: 'b', type: 'c' })
        yield page.item({ title: 7, price: 10n })
      },
    })
    expect(dead.code).toBe('item-invalid')
    expect(dead.detail).toMatch(
      /^Item field "title" of .*\/one \(shop\), item 1: .*expected string.* \(got 7\)/,
    )
    expect(dead.detail).toMatch(/; "price": .*expected number.* \(got 10n\)\.$/)
    expect(dead.issues).toEqual([
      { path: 'title', message: expect.stringContaining('expected string'), got: '7' },
      { path: 'price', message: expect.stringContaining('expected number'), got: '10n' },
    ])
    expect(dead.where).toContain(here)
  })
})

describe('a parse that is written the wrong way', () => {
  const item = { title: 'Emma', price: 7 }
  it.each<[string, unknown, string]>([
    ['is async', async () => item, 'is async and yields nothing: put a star before its name'],
    ['returns nothing', () => {}, 'returns nothing instead of yielding: write *parse'],
    ['returns an object', () => item, 'returns an object with title, price instead of yielding'],
    ['returns an item', (page: Page) => page.item(item), 'instead of yielding: write *parse'],
    ['returns text', () => 'Emma', 'returns the text "Emma" instead of yielding'],
  ])('because it %s is told so', async (_, parse, sentence) => {
    const dead = await mistakeOf({ parse })
    expect(dead.detail).toContain('parse() of source "shop"')
    expect(dead.detail).toContain(sentence)
  })

  it('because a generator returns its item is told that the item is lost', async () => {
    const dead = await mistakeOf({
      // biome-ignore lint/correctness/useYield: that is the mistake
      *parse(page: Page) {
        return page.item(item)
      },
    })
    expect(dead.detail).toContain('returns an object with kind, value at its end, which is lost: yield it')
  })

  it.each<[string, unknown, string]>([
    ['a bare object', item, 'yields an object with title, price: for an item write yield page.item('],
    ['a URL as text', '/next', 'yields the text "/next": for a link write yield page.follow([url])'],
    ['a list', [item, item], 'yields a list of 2: yield each of them'],
  ])('because it yields %s is told so', async (_, value, sentence) => {
    const dead = await mistakeOf({
      *parse() {
        yield value
      },
    })
    expect(dead.detail).toContain(sentence)
  })

  it('by label is told so too', async () => {
    const dead = await mistakeOf({
      parse: { default: async () => item },
    })
    expect(dead.detail).toContain('is async and yields nothing')
  })
})

describe('seeds that are written the wrong way', () => {
  it.each<[string, unknown, string]>([
    ['are async', async () => [url], 'seeds() of source "shop" is async and yields nothing'],
    ['are text', () => url, 'returns the text "http://target.test/one" instead of yielding'],
    ['yield a number', () => [7], 'yields the number 7: yield a URL as text'],
  ])('because they %s end the crawl with a sentence', async (_, seeds, sentence) => {
    const scene = await openScene(free, () => good)
    const crawl = scene.crawler.crawl(sourceWith({ seeds }))
    await expect(scene.until(crawl.run())).rejects.toThrow(sentence)
    await scene.end()
  })

  it('because they throw name file and line', async () => {
    const scene = await openScene(free, () => good)
    const crawl = scene.crawler.crawl(
      sourceWith({
        // biome-ignore lint/correctness/useYield: it throws before
        *seeds() {
          throw new Error('no list today')
        },
      }),
    )
    const error = await scene.until(crawl.run().catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringMatching(new RegExp(`^seeds\\(\\) .* failed at /.*${here}:\\d+:\\d+: no list`)),
      value: { where: expect.stringContaining(here), stack: expect.stringContaining(here) },
    })
    await scene.end()
  })
})
