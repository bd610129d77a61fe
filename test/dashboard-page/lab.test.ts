import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, openPage, useBrowser } from './browser.ts'

/** A real crawl through real sockets, and what a person in front of the page sees of it. */
useBrowser()

async function crawlLab() {
  const lab = await startLab({
    origins: { shop: { site: { pages: 50_000, linksPerPage: 12 } } },
    proxies: [{ count: 6, latency: { kind: 'fixed', ms: 20 } }],
  })
  onTestFinished(() => lab.close())
  const crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval: 20, robots: false },
    trust: 'blind',
  })
  const dashboard = await crawler.dashboard()
  const run = crawler
    .crawl(site, { start: `${lab.origins.shop!.url}/` })
    .run()
    .catch(() => undefined)
  onTestFinished(async () => {
    await crawler.stop()
    await run
  })
  return { lab, crawler, url: dashboard.url }
}

test('a proxy that is killed is shut out before the eyes of who looks, and works again when it is back', async () => {
  const { lab, url } = await crawlLab()
  const { page, visit } = await openPage(url)
  await visit('proxies')
  const count = (state: string) => page.getByRole('button', { name: new RegExp(`^${state}`) }).textContent()
  await eventually(() => count('working')).toContain('6')
  const [name] = lab.proxyNames()
  const { url: label } = lab.proxy(name!)
  await lab.control.kill(name!)
  const row = page.getByRole('row').filter({ hasText: label.replace(/^\w+:\/\//, '') })
  await eventually(() => row.textContent(), 20_000).toMatch(/shut out/)
  await row.getByRole('link').click()
  const state = page.locator('.machine [data-state].on')
  await eventually(() => state.getAttribute('data-state'), 20_000).toMatch(/open/i)
  await eventually(() => page.getByText('dial-refused').count()).toBeGreaterThan(0)
  await lab.control.revive(name!)
  await page.getByRole('button', { name: 'Readmit' }).click()
  await eventually(() => state.getAttribute('data-state'), 20_000).toBe('closed')
})

test('isolate takes a proxy out of a crawl that runs', async () => {
  const { lab, crawler, url } = await crawlLab()
  const { page, visit } = await openPage(url)
  await visit('proxies')
  const { url: label } = lab.proxy(lab.proxyNames()[0]!)
  const row = page.getByRole('row').filter({ hasText: label.replace(/^\w+:\/\//, '') })
  await row.getByRole('button', { name: /^Isolate/ }).click()
  await eventually(() => row.textContent(), 20_000).toMatch(/isolated/)
  expect(crawler.proxies().filter(({ state }) => state === 'isolated').length).toBe(1)
})
