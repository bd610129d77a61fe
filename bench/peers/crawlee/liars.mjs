/**
 * Crawlee's CheerioCrawler with `new ProxyConfiguration({ proxyUrls })`, as its guide on proxies shows it: proxies in turn, one for
 * each session, a session left when it fails too often or a 401, 403 or 429 comes. Retries are its defaults (3, and 10
 * changes of session). It has no interval for a proxy. The handler takes what has the status 200: by default it gets a 404
 * too. Concurrency is fixed, not autoscaled from one; nothing is written to disk.
 */
import { readFileSync } from 'node:fs'
import { CheerioCrawler, Configuration, log, ProxyConfiguration } from '@crawlee/cheerio'
import { onStage } from '../shared/stage.mjs'

const { version } = JSON.parse(
  readFileSync(new URL('./node_modules/@crawlee/cheerio/package.json', import.meta.url), 'utf8'),
)

await onStage(`crawlee ${version}`, async ({ proxies, urls, follow, concurrency, attemptMs, capMs }) => {
  log.setLevel(log.LEVELS.OFF)
  const pages = []
  const crawler = new CheerioCrawler(
    {
      proxyConfiguration: new ProxyConfiguration({ proxyUrls: proxies }),
      minConcurrency: concurrency,
      maxConcurrency: concurrency,
      navigationTimeoutSecs: attemptMs / 1_000,
      autoscaledPoolOptions: { loggingIntervalSecs: null, maybeRunIntervalSecs: 0.05 },
      async requestHandler({ request, response, body, enqueueLinks }) {
        if (response.statusCode !== 200) return
        pages.push({ url: request.loadedUrl, body: body.toString() })
        if (follow) await enqueueLinks({ strategy: 'same-hostname' })
      },
    },
    new Configuration({ persistStorage: false, purgeOnStart: false, availableMemoryRatio: 0.9 }),
  )
  const timeUp = new Promise((resolve) => setTimeout(resolve, capMs).unref())
  await Promise.race([crawler.run(urls), timeUp])
  return { pages: [...pages], givenUp: null }
})
