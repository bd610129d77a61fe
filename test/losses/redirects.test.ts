import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesOf, openShop, type Shop } from './shop.ts'

const reads = (start: string) => `item: z.object({ url: z.string() }),
  *seeds() { yield URL + '${start}' },
  *parse(page) {
    yield page.item({ url: page.url })
    yield page.follow('a[href]')
  }`

/** `/old` and `/older` lead to `/new`, which the start page links too; `/moved` leads to a page that nobody links. */
let shop: Shop
let title = 'first'
const leads: Record<string, string> = {
  '/old': '/new',
  '/older': '/new',
  '/moved': '/hidden',
  '/too': '/hidden',
}
beforeEach(async () => {
  shop = await openShop((path, response) => {
    const to = leads[path]
    if (to !== undefined) return void response.writeHead(302, { location: to }).end()
    response.setHeader('content-type', 'text/html')
    const links = path === '/' ? [...Object.keys(leads), '/new'] : ['/']
    response.end(`<title>${path} ${title}</title>${links.map((each) => `<a href="${each}">x</a>`).join('')}`)
  })
})
afterEach(() => shop.close())

const polite = ['--direct', '--no-politeness']
const found = async () =>
  linesOf(await shop.read('out.jsonl'))
    .map(({ url }) => String(url).slice(shop.url.length))
    .sort()

test.each([
  ['with a state', []],
  ['without one', ['--no-state']],
] as const)('a page gives its items once, however many addresses lead to it, %s', async (_, flags) => {
  const argv = ['crawl', await shop.source('own', reads('/')), ...polite, ...flags]
  const { code, err } = await shop.run(...argv, '--out', 'out.jsonl', '--summary', 'sum.json')
  expect(code, err).toBe(0)
  expect(await found()).toEqual(['/', '/hidden', '/new'])
  expect(JSON.parse(await shop.read('sum.json'))).toMatchObject({ pages: 3, items: 3, skipped: 3 })
  expect(shop.asked.filter((path) => path === '/hidden')).toHaveLength(2) // once for each that leads there
})

test('a source that reads such a page at its own address loses nothing', async () => {
  const argv = ['crawl', `${shop.url}/`, ...polite, '--param', 'sitemaps=false', '--no-state']
  expect((await shop.run(...argv, '--out', 'out.jsonl')).code).toBe(0)
  expect(await found()).toEqual(['/', '/hidden', '/new'])
})

test('a page behind a redirect is read again at its next visit', async () => {
  const argv = ['crawl', await shop.source('own', reads('/moved')), ...polite, '--state', 's']
  const more = ['--max-pages', '1', '--revisit', '1ms', '--out', 'out.jsonl', '--summary', 'sum.json']
  expect((await shop.run(...argv, ...more)).code).toBe(0)
  title = 'changed'
  expect((await shop.run(...argv, ...more)).code).toBe(0)
  expect(JSON.parse(await shop.read('sum.json'))).toMatchObject({ pages: 2, items: 2, skipped: 0 })
})
