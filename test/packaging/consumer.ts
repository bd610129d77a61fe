import { createCrawler, defineSource, type Strategy } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'
import { findScenario, simulate } from 'regatta/sim'
import { z } from 'zod'

/** A user's program: copied beside an installed package, type-checked there, and run. */
const titles = defineSource({
  name: 'titles',
  params: z.object({ base: z.url() }),
  item: z.object({ title: z.string() }),
  *seeds({ base }) {
    yield base
  },
  *parse(page) {
    yield page.item({ title: page.$('title').text() })
  },
})

const first: Strategy = { name: 'first', pick: () => 0 }

await using lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 2 }] })
await using crawler = await createCrawler({ proxies: [...lab.proxies], strategy: first, politeness: false })

const start = `${lab.origins.site?.url}/`
const urls: string[] = []
for await (const page of crawler.crawl(site, { start })) urls.push(page.url)
const found: string[] = []
for await (const { title } of crawler.crawl(titles, { base: start })) found.push(title)
const { pages } = await simulate(findScenario('mixed-100'), { requests: 50 })
console.log(JSON.stringify({ pages: urls.length, titles: found.length, simulated: pages.succeeded }))
