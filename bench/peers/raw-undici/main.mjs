/**
 * The client people write by hand: one undici ProxyAgent per proxy, round robin, and the next proxy at once when an
 * attempt fails. Settings: connections are kept, plain requests are forwarded rather than tunnelled, every
 * answer is checked before it counts, a 429 or 503 waits for what Retry-After says (1 s without) and goes on elsewhere.
 */
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { ProxyAgent, request } from 'undici'
import { isOwnPage } from '../shared/own-page.mjs'
import { fetchAll, onStage } from '../shared/stage.mjs'

const { version } = createRequire(import.meta.url)('undici/package.json')

await onStage(`undici ${version}`, async (job) => {
  const agents = job.proxies.map(
    (uri) =>
      new ProxyAgent({
        uri,
        proxyTunnel: false,
        connectTimeout: job.attemptMs,
        headersTimeout: job.attemptMs,
        bodyTimeout: job.attemptMs,
      }),
  )
  let turn = 0
  let attempts = 0
  const result = await fetchAll(job, async (url) => {
    for (let attempt = 0; attempt <= job.retries; attempt++) {
      attempts++
      try {
        const dispatcher = agents[turn++ % agents.length]
        const { statusCode, headers, body } = await request(url, { dispatcher })
        const text = await body.text()
        if (statusCode === 200 && isOwnPage(text, url)) return 'good'
        if (statusCode === 429 || statusCode === 503) {
          await delay((Number(headers['retry-after']) || 1) * 1_000)
        }
      } catch {
        // The next proxy may do better.
      }
    }
    return 'failed'
  })
  return { ...result, attempts }
})
