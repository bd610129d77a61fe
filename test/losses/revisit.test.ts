import { afterEach, beforeEach, expect, test } from 'vitest'
import { linesOf, openShop, type Shop } from './shop.ts'

/** Runs of one crawl that visit its pages again, with other values of --revisit and without the flag. */
let shop: Shop
let edition = 1
beforeEach(async () => {
  edition = 1
  shop = await openShop((path, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<title>${path} ${edition}</title><a href="/1">1</a><a href="/2">2</a>`)
  })
})
afterEach(() => shop.close())

async function run(...more: string[]) {
  shop.asked.length = 0
  const argv = ['crawl', `${shop.url}/`, '--direct', '--no-politeness', '--param', 'sitemaps=false']
  const { code, err } = await shop.run(...argv, '--state', 's', '--out', 'out.jsonl', ...more)
  expect(code, err).toBe(0)
  return { asked: shop.asked.length, err }
}

test('a page is due by the value that is given now', async () => {
  expect((await run('--revisit', '7d')).asked).toBe(3)
  expect((await run('--revisit', '7d')).asked, 'nothing is a week old').toBe(0)
  edition = 2
  expect((await run('--revisit', '1ms')).asked, 'everything is older than that').toBe(3)
  expect((await run('--revisit', '1h')).asked).toBe(0)
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(6)
})

test('without the flag no page is due, which is said; --fresh begins anew', async () => {
  await run('--revisit', '1ms')
  const without = await run()
  expect(without.asked).toBe(0)
  expect(without.err).toContain(
    '3 pages will be visited again by a run with --revisit TIME; --fresh begins anew.',
  )
  expect((await run('--revisit', '1ms')).asked).toBe(3)
  expect((await run('--fresh')).asked).toBe(3)
})

test('a page that a run without the flag has visited comes again, too', async () => {
  await run('--revisit', '1h', '--max-pages', '2')
  expect((await run('--max-pages', '9')).asked).toBe(1)
  expect((await run('--revisit', '1ms')).asked).toBe(3)
})
