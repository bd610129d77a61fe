import { createCrawler, defineSource } from 'regatta'
import { startLab } from 'regatta/lab'
import { z } from 'zod'

/** A source of your own: what it can be told, what it yields, where it starts, how it reads a page. */
const headlines = defineSource({
  name: 'headlines',
  params: z.object({ base: z.url(), depth: z.number().default(2) }),
  item: z.object({ headline: z.string().min(1), words: z.number().int().positive(), url: z.url() }),

  *seeds({ base }) {
    yield { url: `${base}/` }
  },

  *parse(page) {
    const headline = page.$('h1').text()
    const words = page.$('p').text().split(/\s+/).length
    yield page.item({ headline, words, url: page.url }) // checked: what does not fit becomes a dead letter
    for (const { url } of page.links().links) yield page.edge({ from: page.url, to: url, type: 'links to' })
    if (page.request.depth < page.params.depth) yield page.follow('a[href^="/page/"]')
  },
})

await using lab = await startLab({
  origins: { site: { site: { pages: 60, linksPerPage: 4 } } },
  proxies: [{ count: 6, latency: 20 }],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 100 } })

const crawl = crawler.crawl(headlines, { base: lab.origins.site!.url })
for await (const { headline, words } of crawl) console.log(`${headline} (${words} words)`)

const { pages, edges } = await crawl.done
console.log(`${pages} pages within two clicks, ${edges} edges.`)
