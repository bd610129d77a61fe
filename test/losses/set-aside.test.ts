import { readdir } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesOf, openShop, type Shop } from './shop.ts'

/** A page of three items, the second of which does not fit, and the page behind it. */
let shop: Shop
let prices = ['1', 'cheap', '3']
beforeEach(async () => {
  prices = ['1', 'cheap', '3']
  shop = await openShop((path, response) => {
    response.setHeader('content-type', 'text/html')
    if (path === '/gone') return void response.writeHead(404).end('<p>no such page</p>')
    const list = prices.map((price, at) => `<li data-n="${at}">${price}</li>`).join('')
    response.end(path === '/' ? `<ul>${list}</ul><a href="/next">next</a>` : '<ul><li data-n="9">9</li></ul>')
  })
})
afterEach(() => shop.close())

const polite = ['--direct', '--no-politeness']
const reads = (schema: string, links = '[href]') => `
  item: z.object({ n: z.string(), price: ${schema}, at: z.number() }),
  *seeds() { yield URL + '/' },
  *parse(page) {
    for (const li of page.$('li')) {
      const item = page.$(li)
      const price = item.text()
      yield page.item({ n: item.data('n') + '', price: /^\\d+$/.test(price) ? Number(price) : price, at: Date.now() })
    }
    yield page.follow('a${links}')
  }`

test('a bad item is set aside alone, with its value; the rest of its page and its links go on', async () => {
  const source = await shop.source('shop', reads('z.number()'))
  const first = await shop.run('crawl', source, '--out', 'out.jsonl', '--state', 's', ...polite)
  expect(first.code, first.err).toBe(3)
  expect(first.err).toMatch(/set aside: Item field "price" of .*expected number.*\(item-invalid\)/)
  expect(first.err).toMatch(/2 pages, 3 items.*1 set aside/)
  expect(linesOf(await shop.read('out.jsonl')).map(({ n }) => n)).toEqual(['0', '2', '9'])

  const { out } = await shop.run('dead', 'list', 's', '--json')
  expect(linesOf(out)).toEqual([
    expect.objectContaining({
      reason: expect.objectContaining({ code: 'item-invalid' }),
      setAside: [
        expect.objectContaining({
          kind: 'item',
          index: 1,
          value: expect.objectContaining({ price: 'cheap' }),
        }),
      ],
    }),
  ])
  expect((await shop.run('dead', 'show', 's', `${shop.url}/`)).out).toContain('"price":"cheap"')

  // The shop has mended its page. A time in every item has changed meanwhile, too.
  prices = ['1', '2', '3']
  expect((await shop.run('dead', 'retry', 's', '--all')).code).toBe(0)
  const second = await shop.run('resume', 's')
  expect(second.code, second.err).toBe(0)
  expect(second.err).toMatch(/2 pages, 4 items/)
  expect(linesOf(await shop.read('out.jsonl')).map(({ n }) => n)).toEqual(['0', '2', '9', '1'])
})

test('a retry adds what is missing and nothing else, also when it fails again or the page has moved its items', async () => {
  const source = await shop.source('shop', reads('z.number()'))
  await shop.run('crawl', source, '--out', 'out.jsonl', '--state', 's', ...polite)
  await shop.run('dead', 'retry', 's', '--all')
  expect((await shop.run('resume', 's')).code).toBe(3)
  prices = ['2', '1', '3', '4']
  await shop.run('dead', 'retry', 's', '--all')
  expect((await shop.run('resume', 's')).code).toBe(0)
  const found = linesOf(await shop.read('out.jsonl')).map(({ price }) => price)
  expect(found.slice(0, 3)).toEqual([1, 3, 9])
  expect(found).toContain(4)
})

test('what a page had put out before its source failed comes once', async () => {
  const fails = reads('z.number().or(z.string())').replace(
    "yield page.follow('a[href]')",
    "if (page.$('li').text().includes('cheap')) throw new Error('not today')",
  )
  const source = await shop.source('shop', fails)
  const first = await shop.run('crawl', source, '--out', 'out.jsonl', '--state', 's', ...polite)
  expect(first.err).toContain('not today')
  prices = ['1', '2', '3', '4']
  await shop.run('dead', 'retry', 's', '--all')
  const second = await shop.run('resume', 's')
  expect(second.code, second.err).toBe(0)
  expect(linesOf(await shop.read('out.jsonl')).map(({ n }) => n)).toEqual(['0', '1', '2', '3'])
})

test('a page that is not there is an answer: 0, and nothing is called given up', async () => {
  const source = await shop.source(
    'shop',
    reads('z.any()', ', a').replace("yield page.follow('a, a')", "yield page.follow([URL + '/gone'])"),
  )
  const { code, err } = await shop.run('crawl', source, '--no-state', ...polite)
  expect(code, err).toBe(0)
  expect(err).toMatch(/1 not there/)
  expect(err).not.toMatch(/gave up|given up/)
})

const odd = {
  'a bigint': ['10n ** 30n', '1000000000000000000000000000000'],
  'a date': ['new Date(0)', '1970-01-01T00:00:00.000Z'],
  'a date that is none': ['new Date("x")', null],
  'a Map': ['new Map([["a", new Set([1])]])', { a: [1] }],
  'a Map with other keys': ['new Map([[{}, 1]])', [[{}, 1]]],
  undefined: ['undefined', undefined],
  'a list with holes': ['[undefined, 1]', [null, 1]],
  'NaN and infinity': ['[NaN, -Infinity]', [null, null]],
  'half a surrogate pair': ['"a\\ud800"', 'a\ufffd'],
  'a key __proto__': ['JSON.parse(\'{"__proto__":{"x":1}}\')', JSON.parse('{"__proto__":{"x":1}}')],
  bytes: ['new Uint8Array([104, 105])', 'aGk='],
  'a URL': ['new globalThis.URL("http://x.example/")', 'http://x.example/'],
} as const

test.each([
  ['with a state', []],
  ['without one', ['--no-state']],
] as const)(
  'items that JSON has no word for are kept by a rule or set aside, and never end the crawl, %s',
  async (_, flags) => {
    const values = Object.entries(odd).map(([name, [code]]) => `[${JSON.stringify(name)}, ${code}]`)
    const refused = [
      '() => 1',
      'Symbol("s")',
      'Promise.resolve(1)',
      '(() => { const o = {}; o.o = o; return o })()',
    ]
    const source = await shop.source(
      'odd',
      `item: z.any(),
      *seeds() { yield URL + '/' },
      *parse(page) {
        const values = [${values.join(',')}]
        if (page.url.endsWith('/')) {
          for (const [name, value] of values) yield page.item({ name, value })
          for (const value of [${refused.join(',')}]) yield page.item({ name: 'refused', deep: [value] })
          yield page.follow('a[href]')
        } else yield page.item({ name: 'later' })
      }`,
    )
    for (const out of ['out.jsonl', 'out.csv', 'out.sqlite']) {
      const { code, err } = await shop.run('crawl', source, '--out', out, '--fresh', ...polite, ...flags)
      expect(code, err).toBe(3)
      expect(err).toMatch(/2 pages, 13 items.*4 set aside/)
    }
    expect(await readdir(shop.folder)).toContain('out.csv')
    const lines = linesOf(await shop.read('out.jsonl'))
    expect(lines.at(-1)).toEqual({ name: 'later' })
    for (const { name, value } of lines.slice(0, -1)) {
      const [, expected] = odd[name as keyof typeof odd]
      expect(JSON.stringify(value), String(name)).toBe(JSON.stringify(expected))
    }
  },
)
