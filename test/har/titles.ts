import { defineSource } from 'regatta'
import { z } from 'zod'

/** What a page says, whatever encoding it came in. */
export const titles = defineSource({
  name: 'titles',
  params: z.strictObject({ base: z.url() }),
  item: z.object({ url: z.url(), title: z.string(), text: z.string() }),

  *seeds({ base }) {
    yield { url: base }
  },

  *parse(page) {
    const { title, text } = page.document
    yield page.item({ url: page.url, title, text })
    yield page.follow('a[href]')
  },
})
