import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { chromium } from 'playwright-core'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'

/**
 * Pictures of the dashboard, of a crawl of the lab that runs while they are taken: real sockets, so that they are alike each time
 * and not the same.
 */
export async function photographDashboard(folder: string): Promise<void> {
  const pages = { pages: 4_000, linksPerPage: 8, pageBytes: 6_000 }
  await using lab = await startLab({
    origins: {
      shop: { site: pages },
      news: { site: pages, limit: { total: { requests: 8, perMs: 1_000, burst: 8 } } },
    },
    proxies: [
      { count: 90, latency: { kind: 'lognormal', medianMs: 120, sigma: 0.5 } },
      { count: 40, latency: { kind: 'lognormal', medianMs: 500, sigma: 0.4 } },
      { count: 20, flaky: { request: 0.5, failures: ['reset', 'mid-body'] } },
      { count: 20, fault: 'dead' },
      { count: 8, fault: 'blackhole' },
    ],
  })
  await using crawler = await createCrawler({ proxies: [...lab.proxies] })
  const dashboard = await crawler.dashboard()
  const run = Promise.all(
    Object.values(lab.origins).map((origin) => crawler.crawl(site, { start: `${origin.url}/` }).run()),
  ).catch(() => undefined)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const opened = await browser.newPage({ viewport: { width: 1_280, height: 1_120 } })
    await opened.goto(dashboard.url)
    await opened.waitForTimeout(25_000)
    for (const [name, place, colorScheme, width, height] of shots) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme })
      const page = await context.newPage()
      await page.goto(`${dashboard.url}#/${place}`)
      await page.waitForTimeout(2_500)
      if (name === 'dashboard-proxy') {
        await page.getByRole('table', { name: 'Proxies' }).getByRole('link').first().click()
        await page.waitForTimeout(2_000)
      }
      const path = `${folder}${name}.png`
      await page.screenshot({ path })
      execFileSync('pngquant', ['--force', '--strip', '--output', path, '64', path], { stdio: 'pipe' })
      await context.close()
    }
  } finally {
    await browser.close()
  }
  await crawler.stop()
  await run
}

const shots = [
  ['dashboard-light', 'overview', 'light', 1_280, 1_120],
  ['dashboard-dark', 'overview', 'dark', 1_280, 1_120],
  ['dashboard-narrow', 'overview', 'light', 390, 1_200],
  ['dashboard-proxies', 'proxies', 'dark', 1_280, 1_120],
  ['dashboard-proxy', 'proxies?order=worst', 'light', 1_280, 1_000],
] as const
