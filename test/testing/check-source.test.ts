import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Page } from '../../src/contracts/page.ts'
import type { Source } from '../../src/contracts/source.ts'
import { writeHar } from '../../src/har/write-har.ts'
import { type CheckName, type CheckReport, checkSource, startLab } from '../../src/testing/index.ts'
import { answer, emptyFolder, front, listing, product, shop, shopWith, twoPages } from './shop.ts'

const outcomes = ({ checks }: CheckReport) =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]))

/** What one check says, all of it. */
function said(report: CheckReport, name: CheckName): string {
  const check = report.checks.find((each) => each.name === name)
  if (!check) return 'not checked'
  return [`${check.outcome}: ${check.detail}`, ...check.more, ...(check.way ? [check.way] : [])].join('\n')
}

test('a sound source passes every check', async () => {
  const report = await checkSource(shop, { fixtures: twoPages })
  expect(report).toMatchObject({ source: 'shop', ok: true })
  expect(outcomes(report)).toEqual({
    schema: 'ok',
    fixtures: 'ok',
    seeds: 'ok',
    parse: 'ok',
    politeness: 'ok',
  })
})

test('all checks are made although one fails', async () => {
  let count = 0
  const source = shopWith({
    robots: false,
    *seeds() {
      yield `${front}?${Math.random()}`
    },
    *parse(page: Page) {
      yield page.item({ title: 7, price: count++ } as never)
    },
  })
  const report = await checkSource(source, { fixtures: [{ url: front, body: listing('') }] })
  expect(report.ok).toBe(false)
  expect(outcomes(report)).toEqual({
    schema: 'ok',
    fixtures: 'failed',
    seeds: 'failed',
    parse: 'failed',
    politeness: 'notice',
  })
  expect(said(report, 'fixtures')).toMatch(/Item field "title".*got 7/)
  expect(said(report, 'seeds')).toContain('draws from Math.random')
  expect(said(report, 'parse')).toMatch(/items\[0\]\.price: first \d+, then \d+/)
})

test('what is no source is a failed check, and not an error', async () => {
  const report = await checkSource({ name: 'odd', seeds() {} } as unknown as Source)
  expect(report).toMatchObject({ source: 'odd', ok: false })
  expect(said(report, 'schema')).toContain('"params" must be a zod schema')
})

test('params that are needed, and items that cannot be looked into, are told', async () => {
  const needy = shopWith({ params: z.object({ start: z.url() }), item: z.unknown() })
  const report = await checkSource(needy)
  expect(said(report, 'schema')).toContain('needs start')
  expect(said(report, 'schema')).toContain('items may be anything: nothing is checked')
  expect(report.ok).toBe(true)
  const wrong = await checkSource(needy, { params: { start: 'here' } })
  expect(said(wrong, 'schema')).toMatch(/failed: Param "start"/)
})

test.each<[string, object, string]>([
  ['robots: false', { robots: false }, 'no rate is said in limits'],
  ['judge: false', { judge: false }, 'reads refusals and errors as pages'],
  [
    'seeds without end',
    {
      *seeds() {
        for (let page = 0; ; page++) yield `${front}?${page}`
      },
    },
    'seeds() goes on without end',
  ],
  [
    'links to other hosts',
    {
      *parse(page: Page) {
        yield page.follow(['https://away.example/'])
      },
    },
    'it follows links to other hosts, such as away.example',
  ],
  [
    'requests that write',
    { seeds: () => [{ url: front, method: 'POST', body: 'q=rope' }] },
    'POST https://shop.example/ may be sent once only',
  ],
])('%s may be impolite, and is told without failing', async (_, members, sentence) => {
  const fixtures = [...twoPages, { url: front, method: 'POST' }]
  const report = await checkSource(shopWith(members), { fixtures })
  expect(said(report, 'politeness')).toContain(sentence)
  expect(outcomes(report).politeness).toBe('notice')
})

test('seeds that change with the date are worth a notice: that may be meant', async () => {
  const source = shopWith({
    *seeds() {
      yield `${front}?day=${new Date().toISOString().slice(0, 10)}`
    },
  })
  const report = await checkSource(source, { fixtures: [{ url: front, body: '' }] })
  expect(said(report, 'seeds')).toMatch(/^notice: other seeds under another date/)
  expect(report.ok).toBe(true)
})

test('seeds that need a page which nobody has recorded are not held against their source', async () => {
  const source = shopWith({
    async *seeds(_: unknown, { fetch }: { fetch: (url: string) => Promise<Response> }) {
      yield* JSON.parse(await (await fetch(`${front}list`)).text())
    },
  })
  expect(said(await checkSource(source), 'seeds')).toContain(`skipped: they need ${front}list`)
  const fixtures = [{ url: `${front}list`, body: [front] }, twoPages[0]!]
  expect(outcomes(await checkSource(source, { fixtures }))).toMatchObject({ seeds: 'ok', fixtures: 'ok' })
})

test('what is expected is compared, and written where that is asked for', async () => {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'a.har'), writeHar(twoPages.map(({ url, body }) => answer(url, body))))
  const first = await checkSource(shop, { fixtures: folder })
  expect(said(first, 'fixtures')).toMatch(
    /^failed: 1 fixture, 2 pages, 3 items\na\.har: nothing says what is expected/,
  )
  expect(said(first, 'fixtures')).toContain('regatta check --update')
  expect((await checkSource(shop, { fixtures: folder, update: true })).ok).toBe(true)
  expect((await checkSource(shop, { fixtures: folder })).ok).toBe(true)
  const cheaper = shopWith({
    *parse(page: Page) {
      for (const title of ['Rope', 'Oar', 'Bell']) yield page.item({ title, price: 1 } as never)
    },
  })
  const changed = said(await checkSource(cheaper, { fixtures: folder }), 'fixtures')
  expect(changed).toContain('a.har: items[0].price: expected 3, found 1')
  expect(changed).toContain('a.har: requests: expected 1, found 0')
})

test('a fixture that says its params keeps them, whatever else is given', async () => {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'a.har'), writeHar([answer(front, listing(product('Rope', '3')))]))
  const other = { base: 'https://other.example/' }
  expect(said(await checkSource(shop, { fixtures: folder, params: other }), 'fixtures')).toMatch(/^failed/)
  expect((await checkSource(shop, { fixtures: folder, update: true })).ok).toBe(true)
  expect((await checkSource(shop, { fixtures: folder, params: other })).ok).toBe(true)
})

test('a site that has changed is found out, field by field', async () => {
  await using lab = await startLab({
    origins: { shop: { site: { pages: 3 } } },
    proxies: [{ count: 2 }],
  })
  const base = `${lab.origins.shop!.url}/`
  const source = shopWith({
    params: z.object({ base: z.string() }),
    item: z.object({ title: z.string(), price: z.unknown() }),
    *seeds({ base: start }: { base: string }) {
      yield start
    },
    *parse(page: Page) {
      const price = page.$('i').first().text()
      const item = { title: page.$('title').text(), price: price === '' ? undefined : Number(price) }
      yield page.item(item as never)
      yield page.follow('a[href^="/page/"]')
    },
  })
  const before = [{ url: front, body: listing(product('Rope', '3')), params: { base: front } }]
  const crawler = { proxies: [...lab.proxies], politeness: false as const, trust: 'blind' as const }
  const live = { pages: 2, crawler }
  const report = await checkSource(source, { fixtures: before, params: { base }, live })
  expect(said(report, 'live')).toMatch(/^ok: 2 pages read, 2 items/)
  expect(said(report, 'drift')).toContain('failed: items are no longer as in the fixtures')
  expect(said(report, 'drift')).toContain('price: in 1 of 1 fixture items, in 0 of 2 live items')
  const same = await checkSource(source, {
    fixtures: [{ url: front, body: '<title>Lab</title>', params: { base: front } }],
    params: { base },
    live,
  })
  expect(said(same, 'drift')).toMatch(/^ok/)
  const dead = await checkSource(source, { params: { base: 'http://nowhere.lab/' }, live })
  expect(said(dead, 'live')).toMatch(/^failed: 0 pages read/)
  expect(dead.ok).toBe(false)
})
