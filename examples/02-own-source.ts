import { createCrawler, defineSource } from 'regatta'
import { startLab } from 'regatta/lab'
import { z } from 'zod'

/**
 * A source of your own: what it can be told, what it yields, where it starts, how it reads a page. Here there are two kinds
 * of pages, so `parse` has a handler for each, by label. The compiler knows them: a label without a handler, or without
 * the data that its handler reads, is an error.
 */
const headlines = defineSource({
  name: 'headlines',
  params: z.object({ base: z.url() }),
  item: z.object({ headline: z.string().min(1), words: z.number().int().positive(), clicks: z.number() }),
  data: { article: z.object({ clicks: z.number() }) },

  *seeds({ base }) {
    yield { url: `${base}/`, label: 'front' }
  },

  parse: {
    *front(page) {
      yield page.follow('a[href^="/page/"]', { label: 'article', data: { clicks: 1 } })
    },

    *article(page) {
      const { clicks } = page.data
      const headline = page.$('h1').text()
      const words = page.$('p').text().split(/\s+/).length
      yield page.item({ headline, words, clicks }) // checked: what does not fit becomes a dead letter
      for (const { url } of page.links().links) yield page.edge({ from: page.url, to: url, type: 'links to' })
      if (clicks < 2)
        yield page.follow('a[href^="/page/"]', { label: 'article', data: { clicks: clicks + 1 } })
    },
  },
})

await using lab = await startLab({
  origins: { site: { site: { pages: 60, linksPerPage: 4 } } },
  proxies: [{ count: 6, latency: 20 }],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 100 } })

const crawl = crawler.crawl(headlines, { base: lab.origins.site!.url })
for await (const { headline, words, clicks } of crawl)
  console.log(`${headline} (${words} words, ${clicks === 1 ? 'one click' : 'two clicks'} away)`)

const { pages, edges } = await crawl.done
console.log(`${pages} pages within two clicks, ${edges} edges.`)
