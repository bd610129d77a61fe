import got from 'got'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * got over proxies of the fleet: the agent of a lease is all that it takes. A status that got throws for is the host's word, and no
 * fault of the proxy: the lease is told so, and the work is not tried again.
 */
await using lab = await startLab({
  origins: { shop: { tls: true } },
  proxies: [
    { name: 'good', count: 3, protocol: 'http', auth: { username: 'ann', password: 'secret' } },
    { name: 'dead', count: 2, fault: 'dead' },
  ],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], ca: lab.ca, politeness: false })
const { url } = lab.origins.shop!

const statusOf = (path: string) =>
  crawler.withLease(
    url,
    async (lease) => {
      const { agent, headers } = lease
      const answer = await got(`${url}${path}`, {
        ...(agent && { agent: { http: agent, https: agent } }),
        https: { certificateAuthority: lab.ca },
        headers,
        retry: { limit: 0 },
        throwHttpErrors: false,
        timeout: { request: 5_000 },
      })
      if (answer.statusCode === 403) lease.fail('blocked')
      return `${path}: ${answer.statusCode} via ${lease.proxy}`
    },
    { tries: 5 },
  )

for (const line of await Promise.all(['/echo', '/status/404', '/bytes/100'].map(statusOf))) console.log(line)
