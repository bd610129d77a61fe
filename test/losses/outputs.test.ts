import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endCommands, startCommand } from '../cli/process.ts'
import { linesOf, openShop, type Shop } from './shop.ts'

/** What `--out` files hold after runs that follow each other, and after a process that died. */
let shop: Shop
let wait = 0
beforeEach(async () => {
  wait = 0
  shop = await openShop(async (path, response) => {
    if (wait > 0 && path !== '/') await sleep(wait)
    const links = Array.from({ length: 30 }, (_, n) => `<a href="/${n + 1}">x</a>`)
    response.setHeader('content-type', 'text/html')
    response.end(`<title>${path}</title>${path === '/' ? links.join('') : ''}`)
  })
})
afterEach(async () => {
  await endCommands()
  await shop.close()
})

const polite = ['--direct', '--no-politeness']
const crawl = (...more: string[]) => [
  'crawl',
  `${shop.url}/`,
  ...polite,
  '--param',
  'sitemaps=false',
  ...more,
]
const json = async () => JSON.parse(await shop.read('out.json')) as { url: string }[]

test('a .json file is one array with each item once, also after kill -9 and resume', async () => {
  wait = 100
  const to = join(shop.folder, 'out.json')
  const argv = crawl('--state', join(shop.folder, 's'), '--out', to, '--concurrency', '3')
  const { child, ended } = startCommand(argv)
  await expect
    .poll(() => readFile(to, 'utf8').catch(() => ''), { timeout: 20_000, interval: 20 })
    .toContain('/4"')
  child.kill('SIGKILL')
  await ended
  wait = 0
  const { code, err } = await shop.run('resume', join(shop.folder, 's'))
  expect(code, err).toBe(0)
  expect(new Set((await json()).map(({ url }) => url)).size).toBe(31)
  expect(await json()).toHaveLength(31)
})

test('a file that holds something is added to, which is said; --overwrite begins it anew, --append says nothing', async () => {
  const argv = crawl('--no-state', '--max-pages', '1')
  for (const out of ['out.jsonl', 'out.json', 'out.csv', 'out.db']) {
    await shop.run(...argv, '--out', out)
    const second = await shop.run(...argv, '--out', out)
    expect(second.err).toMatch(/is not empty: what comes is added.* --overwrite begins it anew\./)
    const anew = await shop.run(...argv, '--out', out, '--overwrite')
    expect(anew.err).toContain(`${out} is begun anew.`)
    const added = await shop.run(...argv, '--out', out, '--append')
    expect(added.err).not.toContain('is not empty')
  }
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(2)
  expect(await json()).toHaveLength(2)
  expect((await shop.read('out.csv')).match(/\r\n/g)).toHaveLength(3)
  expect(await shop.run(...argv, '--overwrite', '--append')).toMatchObject({ code: 2 })
})

test('--overwrite leaves what a crawl has written that goes on', async () => {
  const argv = crawl('--state', 's', '--out', 'out.jsonl', '--overwrite')
  await shop.run(...argv, '--max-pages', '3')
  const { err } = await shop.run(...argv)
  expect(err).not.toContain('begun anew')
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(31)
  expect((await shop.run(...argv, '--max-pages', '2')).err, 'a new round').toContain('begun anew')
  expect(linesOf(await shop.read('out.jsonl'))).toHaveLength(2)
})

test('a .csv table has every key of the items, also one that comes late and after kill -9', async () => {
  wait = 100
  const source = await shop.source(
    'loose',
    `item: z.looseObject({ url: z.string(), note: z.string().optional() }),
    *seeds() { for (let n = 0; n < 12; n++) yield URL + '/' + n },
    *parse(page) {
      const n = Number(page.url.split('/').at(-1))
      yield page.item({ url: page.url, ['k' + (n % 5)]: n, ...(n === 11 && { note: 'last' }) })
    }`,
  )
  const to = join(shop.folder, 'out.csv')
  const state = join(shop.folder, 's')
  const { child, ended } = startCommand([
    'crawl',
    source,
    ...polite,
    '--state',
    state,
    '--out',
    to,
    '--concurrency',
    '2',
  ])
  await expect
    .poll(() => readFile(to, 'utf8').catch(() => ''), { timeout: 20_000, interval: 20 })
    .toMatch(/\/[4-9],/)
  child.kill('SIGKILL')
  await ended
  wait = 0
  expect((await shop.run('resume', state)).code).toBe(0)
  const rows = parse(await shop.read('out.csv'), { columns: true }) as unknown as Record<string, string>[]
  expect(Object.keys(rows[0]!).slice(0, 2)).toEqual(['url', 'note'])
  expect(rows.map(({ url }) => url).sort()).toEqual(
    Array.from({ length: 12 }, (_, n) => `${shop.url}/${n}`).sort(),
  )
  for (const row of rows) {
    const n = Number(row.url!.split('/').at(-1))
    expect(row[`k${n % 5}`]).toBe(String(n))
    expect(row.note).toBe(n === 11 ? 'last' : '')
  }
})
