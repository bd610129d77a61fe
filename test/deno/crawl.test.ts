import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'
import { expect, test } from 'vitest'

test('the runtime is Deno, so that this means something', () => {
  expect(globalThis).toHaveProperty('Deno')
})

test('the smallest crawl brings a site home under Deno', async () => {
  await using lab = await startLab({
    origins: { site: { site: { pages: 12 } } },
    proxies: [{ count: 3 }, { protocol: 'http' }, { fault: 'dead' }],
  })
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 20 } })
  const paths: string[] = []
  for await (const page of crawler.crawl(site, { start: `${lab.origins.site!.url}/` })) {
    paths.push(new URL(page.url).pathname)
  }
  const { rows } = (await lab.books()).origins.site!
  const served = rows.filter(({ status, path }) => status === 200 && path !== '/robots.txt')
  expect(paths).toHaveLength(12)
  expect(new Set(served.map(({ path }) => path))).toEqual(new Set(paths))
  const exits = lab.proxyNames().map((name) => lab.proxy(name).exitIp)
  expect(served.filter(({ exitIp }) => !exits.includes(exitIp))).toEqual([])
})

test("a program that imports 'regatta' by name runs under Deno from a checkout, without a build and without flags", () => {
  const parameters = ['run', '--allow-all', 'examples/02-own-source.ts']
  const output = execFileSync(process.execPath, parameters, { encoding: 'utf8' })
  expect(output).toMatch(/[1-9]\d* pages within two clicks/)
})
