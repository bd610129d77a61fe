import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'

/** A process that crawls a site with a page that ends it. Arguments: the site's origin, and the folder of the state. */
const [origin, state] = process.argv.slice(2)

const source = defineSource({
  name: 'deadly',
  params: z.object({}),
  item: z.object({ url: z.string() }),
  robots: false,
  *seeds() {
    for (const path of ['deadly', 'one', 'two', 'three']) yield `${origin}/${path}`
  },
  *parse(page) {
    if (page.url.endsWith('/deadly')) {
      const held: unknown[] = []
      for (;;) held.push(new Array(10_000).fill(page.text()))
    }
    yield page.item({ url: page.url })
  },
})

const crawler = await createCrawler({
  direct: true,
  politeness: false,
  ...(state !== undefined && { state }),
})
const summary = await crawler.crawl(source, {}, {}).run()
await crawler.stop()
console.log(
  JSON.stringify({
    pages: summary.pages,
    dead: summary.deadLetters.map(({ code, detail }) => ({ code, detail })),
  }),
)
