/**
 * Crawlee's CheerioCrawler: `$('body').text()`, `enqueueLinks`, robots.txt obeyed, no retries beyond one. Sitemaps as its guide
 * reads them: those that robots.txt names, with `RobotsTxtFile` and `Sitemap`.
 */
import { CheerioCrawler, Configuration, log } from '@crawlee/cheerio'
import { RobotsTxtFile } from '@crawlee/utils'
import { onStage } from '../shared/stage.mjs'

await onStage('crawlee', async ({ cases, capMs }) => {
  log.setLevel(log.LEVELS.OFF)
  const got = new Set()
  const notes = {}
  const seconds = capMs / 1_000
  const crawler = new CheerioCrawler(
    {
      minConcurrency: 32,
      maxConcurrency: 32,
      maxRequestRetries: 1,
      maxRequestsPerCrawl: 2_000,
      navigationTimeoutSecs: seconds,
      requestHandlerTimeoutSecs: seconds,
      respectRobotsTxtFile: true,
      autoscaledPoolOptions: { loggingIntervalSecs: null, maybeRunIntervalSecs: 0.05 },
      async requestHandler({ request, $, body, enqueueLinks }) {
        const { id, marker, needs } = request.userData
        const text = typeof $ === 'function' ? $('body').text() : String(body)
        if (text.includes(marker)) got.add(id)
        else notes[id] = `read: ${text.slice(0, 60)}`
        if (needs === 'crawl' && typeof $ === 'function') {
          await enqueueLinks({ strategy: 'same-hostname', userData: { id, marker, needs } })
        }
      },
      failedRequestHandler({ request }, error) {
        notes[request.userData.id] = String(error.message).slice(0, 200)
      },
    },
    new Configuration({ persistStorage: false, purgeOnStart: false, availableMemoryRatio: 0.9 }),
  )
  const starts = await Promise.all(
    cases.map(async ({ id, start, marker, needs }) => {
      const userData = { id, marker, needs }
      if (needs !== 'sitemap') return [{ url: start, userData }]
      try {
        const urls = await (await RobotsTxtFile.find(start)).parseUrlsFromSitemaps()
        return urls.map((url) => ({ url, userData }))
      } catch (error) {
        notes[id] = String(error.message)
        return []
      }
    }),
  )
  await crawler.run(starts.flat())
  return { got: [...got], notes }
})
