import process from 'node:process'
import { chromium } from 'playwright-core'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * A browser through a proxy that wants a password. Chromium takes none with a proxy's URL, and none for SOCKS at all: `lease.relay()` is
 * a way in on this machine that needs neither, and that is gone with its lease. What `withLease` hears decides how the proxy is judged.
 */
await using lab = await startLab({
  origins: { shop: { site: { pages: 20 } } },
  proxies: [
    { name: 'good', count: 3, protocol: 'socks5', auth: { username: 'ann', password: 'secret' } },
    { name: 'dead', count: 2, fault: 'dead' },
  ],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false })

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  const { url } = lab.origins.shop!
  const seen = await crawler.withLease(
    url,
    async (lease) => {
      const context = await browser.newContext({ proxy: { server: await lease.relay() } })
      try {
        const page = await context.newPage()
        await page.goto(`${url}/echo`, { timeout: 5_000 })
        const { exitIp } = JSON.parse(await page.innerText('body')) as { exitIp: string }
        await page.goto(url, { timeout: 5_000 })
        return { exitIp, title: await page.title(), links: await page.locator('a').count(), via: lease.proxy }
      } finally {
        await context.close()
      }
    },
    { tries: 5 },
  )
  console.log(`${seen.title}: ${seen.links} links, seen from ${seen.exitIp} via ${seen.via}`)
} finally {
  await browser.close()
}
