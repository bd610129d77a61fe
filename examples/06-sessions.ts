import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * Some sites bind a cookie and a token to the address that fetched them. A session leaves through one proxy from its
 * first request to its last, with the cookies it was given, and starts again from the first on another when that proxy
 * dies on the way.
 */
await using lab = await startLab({
  origins: { quotes: {} },
  proxies: [
    { name: 'good', count: 4, latency: 20 },
    { name: 'flaky', count: 2, flaky: { request: 0.5 } },
  ],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 20 } })
const { url } = lab.origins.quotes!

let starts = 0
const priceOf = (symbol: string) =>
  crawler.session(async (session) => {
    starts++
    const welcome = await session.fetch(`${url}/crumb`)
    const crumb = await welcome.text()
    const answer = await session.fetch(`${url}/quote?symbol=${symbol}&crumb=${crumb}`)
    if (answer.status === 401) session.restart('the crumb is not accepted')
    const { price } = (await answer.json()) as { price: number }
    return { symbol, price, via: welcome.headers.get('x-regatta-proxy') }
  })

const symbols = ['KEEL', 'MAST', 'SAIL', 'OARS', 'TIDE', 'WIND', 'REEF', 'GULL']
for (const { symbol, price, via } of await Promise.all(symbols.map(priceOf))) {
  console.log(`${symbol}  ${price}  via ${via}`)
}
const { rows } = (await lab.books()).origins.quotes!
const refused = rows.filter(({ status }) => status === 401)
console.log(
  `${symbols.length} of ${symbols.length} complete after ${starts} starts; ${refused.length} refused crumbs.`,
)
