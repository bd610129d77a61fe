/**
 * Crawlee's CheerioCrawler as its quick start shows it: `$`, `enqueueLinks`, the memory storage without files. Concurrency is
 * fixed, and nothing holds requests back.
 */
import { readFileSync } from 'node:fs'
import { CheerioCrawler, Configuration, log } from '@crawlee/cheerio'
import { onStage, SiteTally } from '../shared/stage.mjs'

const { version } = JSON.parse(
  readFileSync(new URL('./node_modules/@crawlee/cheerio/package.json', import.meta.url), 'utf8'),
)

await onStage(`crawlee ${version}`, async ({ start, concurrency }) => {
  log.setLevel(log.LEVELS.OFF)
  const tally = new SiteTally()
  const crawler = new CheerioCrawler(
    {
      minConcurrency: concurrency,
      maxConcurrency: concurrency,
      additionalMimeTypes: ['text/plain'],
      autoscaledPoolOptions: { loggingIntervalSecs: null, maybeRunIntervalSecs: 0.05 },
      async requestHandler({ $, enqueueLinks }) {
        if (typeof $ !== 'function') {
          tally.add('', '', 0)
          return
        }
        $('script, style').remove()
        const links = $('a[href]').length
        tally.add($('head title').text(), $('body').text(), links)
        await enqueueLinks({ strategy: 'same-hostname' })
      },
    },
    new Configuration({ persistStorage: false, purgeOnStart: false, availableMemoryRatio: 0.9 }),
  )
  await crawler.run([start])
  return tally.end()
})
