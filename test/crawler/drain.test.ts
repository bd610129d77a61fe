import { expect, test } from 'vitest'
import { site } from '../../plugins/site.ts'
import { createCrawler } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'

test('a drain ends a crawl whose proxies are all dead, and leaves its requests in the frontier', async () => {
  await using lab = await startLab({
    origins: { site: { site: { pages: 5 } } },
    proxies: [{ count: 2, fault: 'dead' }],
  })
  await using crawler = await createCrawler({ proxies: [...lab.proxies] })
  const crawl = crawler.crawl(
    site,
    { start: `${lab.origins.site!.url}/`, sitemaps: false },
    { robots: false },
  )
  const starved = new Promise<void>((resolve) => {
    crawler.on('host.state', ({ to }) => to === 'starved' && resolve())
  })
  const ended = crawl.run()
  await starved
  await crawl.drain()
  expect(await ended).toMatchObject({ pages: 0, queued: 1 })
})
