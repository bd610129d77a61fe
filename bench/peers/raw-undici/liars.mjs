/**
 * The crawler people write by hand: one undici ProxyAgent for each proxy, taken in turn, redirects followed, links taken by a
 * regular expression. After an error, a 403, a 429 or a 5xx the next proxy is asked, three times; a 404 is taken for the
 * site's word. It knows no interval and keeps no account of its proxies.
 */
import { createRequire } from 'node:module'
import { interceptors, ProxyAgent, request } from 'undici'
import { onStage } from '../shared/stage.mjs'

const { version } = createRequire(import.meta.url)('undici/package.json')
const isWorthAnother = (status) => status === 403 || status === 429 || status >= 500

await onStage(`undici ${version}`, async (job) => {
  const agents = job.proxies.map((uri) =>
    new ProxyAgent({
      uri,
      proxyTunnel: false,
      connectTimeout: job.attemptMs,
      headersTimeout: job.attemptMs,
      bodyTimeout: job.attemptMs,
    }).compose(interceptors.redirect({ maxRedirections: 5 })),
  )
  const pages = []
  const seen = new Set(job.urls)
  let turn = 0

  async function fetchPage(url) {
    for (let attempt = 0; attempt <= job.retries; attempt++) {
      try {
        const { statusCode, body, context } = await request(url, {
          dispatcher: agents[turn++ % agents.length],
        })
        const text = await body.text()
        if (statusCode === 200) return { url: String(context?.history?.at(-1) ?? url), body: text }
        if (!isWorthAnother(statusCode)) return undefined
      } catch {
        // The next proxy may do better.
      }
    }
    return undefined
  }

  const waiting = [...job.urls]
  let running = 0
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, job.capMs)
    const fill = () => {
      while (running < job.concurrency && waiting.length > 0) void visit(waiting.shift())
      if (running > 0) return
      clearTimeout(timer)
      resolve()
    }
    const visit = async (url) => {
      running++
      const page = await fetchPage(url)
      running--
      if (page) pages.push(page)
      if (page && job.follow) for (const link of linksOf(page)) add(link)
      fill()
    }
    fill()
  })

  function add(link) {
    if (seen.has(link)) return
    seen.add(link)
    waiting.push(link)
  }
  return { pages: [...pages], givenUp: null }
})

function linksOf({ url, body }) {
  const { host } = new URL(url)
  const links = [...body.matchAll(/<a[^>]+href="([^"]+)"/g)].map(([, href]) => URL.parse(href, url))
  return links.filter((link) => link?.host === host).map(({ href }) => href)
}
