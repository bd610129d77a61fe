/** Regatta's `site` as `regatta crawl` runs it, without its politeness: what it hands out is counted and dropped. */

import { site } from '../../../plugins/site.ts'
import { createCrawler } from '../../../src/index.ts'
import { onStage, SiteTally } from '../shared/stage.mjs'

await onStage('this working tree', async ({ start, concurrency }) => {
  const tally = new SiteTally()
  await using crawler = await createCrawler({ direct: true, concurrency, politeness: false })
  for await (const { title, text, links } of crawler.crawl(site, { start }))
    tally.add(title, text, links.length)
  return tally.end()
})
