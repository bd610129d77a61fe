import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource, type RequestInput } from '../../src/index.ts'
import { simulatedSite } from '../fences/simulated-site.ts'

/** A request that says what means nothing is told, instead of going out as something else. */
const sourceWith = (seed: object, next?: object) =>
  defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    *seeds() {
      yield { url: 'http://target.test/1', ...seed } as RequestInput
    },
    *parse(page) {
      yield page.item({ url: page.url })
      if (next && page.request.depth === 0) yield page.follow({ url: '/2', ...next })
    },
  })

const wrong: readonly [string, object, string][] = [
  [
    'a misspelt label',
    { lable: 'detail' },
    'has a member "lable", which means nothing; did you mean "label"',
  ],
  [
    'a delay without its unit',
    { delay: 5 },
    'has a member "delay", which means nothing; there are url, method',
  ],
  ['a priority in words', { priority: 'high' }, 'has a "priority" that is not a number from 0 to 7'],
  [
    'a header that is a number',
    { headers: { 'x-page': 4 } },
    'has a header that cannot be sent, "x-page": expected a text',
  ],
  ['a delay that is no number', { delayMs: Number.NaN }, 'has a "delayMs" that is not milliseconds from 0'],
  ['a method that is none', { method: null }, 'has a "method" that is not a method'],
  ['a method that opens a tunnel', { method: 'CONNECT' }, 'has a "method" that is not a method'],
  [
    'a header of two lines',
    { headers: { 'x-page': 'a\nb' } },
    'has a header that cannot be sent, "x-page": expected a value of one line',
  ],
  [
    'a header in Cyrillic',
    { headers: { 'x-page': 'страница' } },
    'has a header that cannot be sent, "x-page": expected the characters of Latin-1',
  ],
]

describe.each(wrong)('%s', (_, member, problem) => {
  const sentence = `A request of source "shop" for`

  it('in a seed ends the crawl at its start, with the name of the member', async () => {
    const site = await simulatedSite({ pages: 1 })
    await expect(site.run(sourceWith(member))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining(problem),
    })
    await site.end()
  })

  it('in a link makes its page a dead letter with the name of the member', async () => {
    const site = await simulatedSite({ pages: 1 })
    const { deadLetters } = await site.run(sourceWith({}, member))
    expect(deadLetters).toEqual([
      expect.objectContaining({ code: 'source-failed', detail: expect.stringContaining(`${sentence} `) }),
    ])
    expect(deadLetters[0]!.detail).toContain(problem)
    await site.end()
  })
})

it('links of a page, and a request that came before, may be followed as they are', async () => {
  const site = await simulatedSite({ pages: 1 })
  const again = defineSource({
    name: 'again',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    *seeds() {
      yield 'http://target.test/1'
    },
    *parse(page) {
      yield page.item({ url: page.url })
      if (page.request.depth > 0) return
      const once: object = { ...page.request, redirect: 'manual', key: 'once more' }
      yield page.follow(once as RequestInput)
      yield page.follow([{ url: 'http://target.test/2', rel: ['next'] } as RequestInput])
    },
  })
  expect(await site.run(again)).toMatchObject({ pages: 3, failed: 0 })
  await site.end()
})

it('what is no source at all is refused before anything begins', async () => {
  const site = await simulatedSite({ pages: 1 })
  await expect(site.run({ name: 'x' } as never)).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  await site.end()
})
