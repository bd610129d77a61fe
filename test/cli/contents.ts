import { createHash } from 'node:crypto'
import { defineSource } from 'regatta'
import { readSitemaps } from 'regatta/source'
import { z } from 'zod'

/** Reads a whole site, from its sitemaps and its links, and puts out what depends on every byte of a page and on nothing else. */
export const contents = defineSource({
  name: 'contents',
  params: z.strictObject({ base: z.url() }),
  item: z.object({ url: z.url(), title: z.string(), encoding: z.string(), digest: z.string() }),

  async *seeds({ base }, context) {
    yield { url: base }
    const sitemaps = await context.sitemaps(base)
    for await (const url of readSitemaps(sitemaps, context)) yield { url }
  },

  *parse(page) {
    const digest = createHash('sha256').update(page.body).digest('hex')
    yield page.item({ url: page.url, title: page.document.title, encoding: page.encoding, digest })
    yield page.follow('a[href]')
  },
})
