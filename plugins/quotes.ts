import { defineSource } from 'regatta'
import { z } from 'zod'

/**
 * The smallest useful source, and the one to copy: pages of quotes, each with a link to the next. It reads any site built
 * like quotes.toscrape.com. A source says three things: what it can be told (`params`), what it yields (`item`), and how
 * to read one page (`parse`). Proxies, retries, politeness and the order of pages are not its business.
 */
export const quotes = defineSource({
  name: 'quotes',
  description: 'Quotes with author and tags, from a site built like quotes.toscrape.com',

  // What `.describe` says stands in `regatta sources quotes`.
  params: z.strictObject({
    base: z
      .url({ protocol: /^https?$/, error: 'expected the URL of the site' })
      .default('https://quotes.toscrape.com/')
      .describe('Where the site is.'),
    tag: z.string().optional().describe('Only quotes with this tag.'),
  }),

  // Each item must fit; one that does not becomes a dead letter that names the field, and the crawl goes on.
  item: z.object({
    text: z.string().min(1).describe('With its quotation marks.'),
    author: z.string().min(1).describe('As the page names the author.'),
    tags: z.array(z.string()).describe('In the order of the page.'),
    page: z.url().describe('Where it stands.'),
  }),

  *seeds({ base, tag }) {
    yield { url: new URL(tag === undefined ? '/' : `/tag/${encodeURIComponent(tag)}/`, base) }
  },

  *parse(page) {
    for (const element of page.$('.quote')) {
      const quote = page.$(element)
      yield page.item({
        text: quote.find('.text').text().trim(),
        author: quote.find('.author').text().trim(),
        tags: quote
          .find('.tag')
          .toArray()
          .map((tag) => page.$(tag).text()),
        page: page.url,
      })
    }
    yield page.follow('.next a') // nothing on the last page, and the crawl ends
  },
})
