import { createCrawler, type Strategy } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * How a proxy is chosen is one function. It is asked for every attempt, so it keeps nothing and allocates nothing; who may be
 * used at all (breakers, politeness) was decided before.
 */
const optimist: Strategy = {
  name: 'optimist',
  pick(view) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let position = 0; position < view.size; position++) {
      // As fast as it may still turn out to be: a proxy that is little known gets a chance to show it.
      const latency = view.logLatency(position) - 2 * view.logLatencyDeviation(position)
      if (latency < least) {
        least = latency
        best = position
      }
    }
    return best
  },
}

await using lab = await startLab({
  origins: { site: {} },
  proxies: [
    { name: 'near', count: 2, latency: 10 },
    { name: 'far', count: 4, latency: 150 },
  ],
})

for (const strategy of [optimist, 'round-robin', 'thompson'] as const) {
  await lab.control.clearBooks()
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    strategy,
    politeness: false,
    seed: 7,
  })
  for (let batch = 0; batch < 12; batch++) {
    await Promise.all(Array.from({ length: 4 }, () => crawler.fetch(`${lab.origins.site!.url}/bytes/500`)))
  }
  const { exits } = (await lab.books()).origins.site!
  const share = lab.proxyNames().map((name) => `${name} ${exits[lab.proxy(name).exitIp]?.requests ?? 0}`)
  const name = typeof strategy === 'string' ? strategy : strategy.name
  console.log(`${name.padEnd(12)} ${share.join(', ')}`)
}
