import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ownStrings } from '../../src/base/own-string.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { pageOf } from './fixtures.ts'

const source = defineSource({
  name: 'pages',
  params: z.object({}),
  item: z.object({ title: z.string(), links: z.array(z.string()), all: z.record(z.string(), z.unknown()) }),
  *seeds() {},
  *parse() {},
})
const url = 'https://example.com/'

/** Bytes of the heap that `kept` holds, all else being collected. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
  return process.memoryUsage().heapUsed
}

test('what is kept of five hundred pages is no more than what was taken of them', () => {
  const before = heap()
  const kept: unknown[] = []
  for (let at = 0; at < 500; at++) {
    const filler = `<p>${`${at} words and words `.repeat(5_000)}</p>`
    const body = `<title>The title of page number ${at}</title><h1>The first heading of page ${at}</h1>${filler}
      <a href="/the/long/address/of/page/${at}/next">next</a><p id=data>The data of page number ${at}</p>`
    const page = pageOf(source, {}, url, { body })
    const { title, headings, links } = page.document
    const all = { headings, found: /data of page[^<]*/.exec(page.text())![0] }
    kept.push(page.item({ title, links: links.map((link) => link.url), all }))
    kept.push(page.follow('/next', { data: { found: /The data of[^<]*/.exec(page.text())![0] } }))
    kept.push(page.edge({ from: url, to: /The data of[^<]*/.exec(page.text())![0], type: 'x' }))
  }
  // The pages have 50 MB.
  expect((heap() - before) / 1e6).toBeLessThan(8)
  expect(kept).toHaveLength(1_500)
})

test('a value is the same, whatever it holds', () => {
  const date = new Date(0)
  const frozen = Object.freeze({ text: 'a text that stays as it is' })
  const value = {
    text: 'a text of some length',
    list: ['another text of some length', 1, null],
    date,
    frozen,
  }
  const loop: Record<string, unknown> = { name: 'it holds itself, and more' }
  loop.loop = loop
  expect(ownStrings(value)).toBe(value)
  expect(value).toEqual({
    text: 'a text of some length',
    list: ['another text of some length', 1, null],
    date,
    frozen: { text: 'a text that stays as it is' },
  })
  expect(ownStrings(loop)).toBe(loop)
})
