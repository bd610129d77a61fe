/**
 * Crawlee's HttpCrawler with its ProxyConfiguration and session pool, as its guides put them together for plain pages.
 * Settings: nothing is written to disk; a static RequestList, which costs less than a queue; concurrency fixed, not
 * autoscaled from one; as many sessions as proxies, without a limit of uses, and a session that failed once is retired,
 * so that a proxy that failed is left; no cookies are kept, no browser headers generated
 * (no other peer has them); the handler checks the page and throws, so that a spoiled one is retried
 * elsewhere. A 429 or 503 waits for what Retry-After says (1 s without) and is retried: with the default, another session
 * at once, four pages of ten ran out of retries at the host with limits.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Configuration, HttpCrawler, log, ProxyConfiguration, RequestList, SessionError } from '@crawlee/http'
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
  const requestList = await RequestList.open(null, job.pages)
  const crawler = new HttpCrawler(
    {
      requestList,
      proxyConfiguration: new ProxyConfiguration({ proxyUrls: job.proxies }),
      minConcurrency: job.concurrency,
      maxConcurrency: job.concurrency,
      maxRequestRetries: job.retries,
      maxSessionRotations: job.retries,
      navigationTimeoutSecs: job.attemptMs / 1_000,
      requestHandlerTimeoutSecs: job.attemptMs / 1_000,
      persistCookiesPerSession: false,
      sessionPoolOptions: {
        maxPoolSize: job.proxies.length,
        blockedStatusCodes: [401, 403],
        sessionOptions: { maxErrorScore: 1, maxUsageCount: 1_000_000 },
        persistenceOptions: { enable: false },
      },
      autoscaledPoolOptions: {
        desiredConcurrency: job.concurrency,
        loggingIntervalSecs: null,
        // Looks for finished work at once instead of every half second.
        maybeRunIntervalSecs: 0.05,
      },
      preNavigationHooks: [
        ({ request }, gotOptions) => {
          attempts++
          if (!started.has(request.uniqueKey)) started.set(request.uniqueKey, performance.now())
          gotOptions.useHeaderGenerator = false
        },
      ],
      ignoreHttpErrorStatusCodes: [503],
      async requestHandler({ request, response, body }) {
        if (response.statusCode === 429 || response.statusCode === 503) {
          await delay((Number(response.headers['retry-after']) || 1) * 1_000)
          throw new Error('the host is busy')
        }
        if (response.statusCode !== 200 || !isOwnPage(body.toString(), request.url)) {
          throw new SessionError('not the page that was asked for')
        }
        tally.add('good', performance.now() - started.get(request.uniqueKey))
      },
      failedRequestHandler() {
        tally.add('failed', 0)
      },
    },
    new Configuration({ persistStorage: false, purgeOnStart: false, availableMemoryRatio: 0.9 }),
  )
  await Promise.race([crawler.run(), tally.timeUp])
  return { ...tally.end(), attempts }
})
