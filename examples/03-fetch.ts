import { createCrawler, RegattaError } from 'regatta'
import { startLab } from 'regatta/lab'

/** `fetch`, through proxies: raced, judged, repeated where that is safe. What comes back is a WHATWG Response. */
await using lab = await startLab({
  origins: { site: {} },
  proxies: [
    { name: 'good', count: 3, latency: 30 },
    { name: 'slow', latency: 800 },
    { name: 'liar', fault: { kind: 'inject', style: 'captcha' } },
    { name: 'flaky', flaky: { request: 0.5 } },
  ],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 50 } })
const { url } = lab.origins.site!

const responses = await Promise.all(Array.from({ length: 20 }, () => crawler.fetch(`${url}/echo`)))
const exits = new Set<string>()
for (const response of responses) {
  const { exitIp } = (await response.json()) as { exitIp: string }
  exits.add(exitIp)
}
console.log(`20 answers, all whole, from ${exits.size} addresses.`)

const missing = await crawler.fetch(`${url}/not-there`)
console.log(`A 404 is the target's word, and an answer: ${missing.status} ${missing.url}`)

try {
  await crawler.fetch(`${url}/hang`, { deadline: 500 })
} catch (error) {
  if (!(error instanceof RegattaError)) throw error
  console.log(`${error.code}: ${error.message}`)
}

const impatience = new AbortController()
const answer = crawler.fetch(`${url}/hang`, { signal: impatience.signal })
impatience.abort()
await answer.catch((error: unknown) => console.log(`One signal ends every attempt: ${String(error)}`))
