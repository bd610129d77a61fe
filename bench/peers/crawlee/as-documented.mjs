/**
 * Crawlee's HttpCrawler as its first pages show it: `crawler.run(urls)`, a ProxyConfiguration, every default (a request
 * queue, browser headers made for each session, cookies kept), and only what a measurement needs: nothing on disk, the
 * concurrency of the other peers, no log. Run in the clean world only, beside the tuned form, to say what tuning is worth.
 */
import { readFileSync } from 'node:fs'
import { Configuration, HttpCrawler, log, ProxyConfiguration } from '@crawlee/http'
import { isOwnPage } from '../shared/own-page.mjs'
import { onStage, Tally } from '../shared/stage.mjs'

const { version } = JSON.parse(
  readFileSync(new URL('./node_modules/@crawlee/http/package.json', import.meta.url), 'utf8'),
)

await onStage(`crawlee ${version}`, async (job) => {
  log.setLevel(log.LEVELS.OFF)
  const started = new Map()
  let attempts = 0
  const tally = new Tally(job)
  const crawler = new HttpCrawler(
    {
      proxyConfiguration: new ProxyConfiguration({ proxyUrls: job.proxies }),
      minConcurrency: job.concurrency,
      maxConcurrency: job.concurrency,
      preNavigationHooks: [
        ({ request }) => {
          attempts++
          if (!started.has(request.uniqueKey)) started.set(request.uniqueKey, performance.now())
        },
      ],
      requestHandler({ request, body }) {
        if (!isOwnPage(body.toString(), request.url)) throw new Error('not the page that was asked for')
        tally.add('good', performance.now() - started.get(request.uniqueKey))
      },
      failedRequestHandler() {
        tally.add('failed', 0)
      },
    },
    new Configuration({ persistStorage: false, purgeOnStart: false, availableMemoryRatio: 0.9 }),
  )
  await Promise.race([crawler.run(job.pages), tally.timeUp])
  return { ...tally.end(), attempts }
})
