import { createCrawler, defineSource, type TrustLevel } from 'regatta'
import { startLab } from 'regatta/lab'
import { z } from 'zod'

/**
 * Five proxies, and one of them lies: over plain HTTP it changes the numbers in pages that look like any other. No rule about
 * words can know that. What exits bring is compared, the one that says otherwise is found out, and what it had brought by
 * then is asked for again (docs/trust.md). With `blind`, as nearly everybody crawls, the lies are in the data.
 */
const shop = defineSource({
  name: 'shop',
  params: z.object({ start: z.url() }),
  item: z.object({ path: z.string(), text: z.string() }),
  *seeds({ start }) {
    yield start
  },
  *parse(page) {
    yield page.item({ path: new URL(page.url).pathname, text: page.$('p').text() })
    yield page.follow('a[href^="/page/"]')
  },
})

await using lab = await startLab({
  origins: { shop: { site: { pages: 60, linksPerPage: 4 } } },
  proxies: [
    { name: 'honest', count: 4, protocol: 'http', latency: 10 },
    { name: 'liar', protocol: 'http', latency: 10, fault: { kind: 'lie', how: 'numbers' } },
  ],
})
const start = `${lab.origins.shop!.url}/`

async function crawl(trust: TrustLevel, proxies: readonly string[] = lab.proxies) {
  await using crawler = await createCrawler({
    proxies: [...proxies],
    trust,
    seed: 11,
    politeness: { interval: 20 },
  })
  crawler.on('trust.judged', ({ url, deviants }) => {
    for (const { proxy, keys } of deviants) console.log(`  ${proxy} says otherwise of ${url}: ${keys[0]}`)
  })
  crawler.on('alert', ({ message }) => console.log(`  ${message}`))
  const found = new Map<string, string>()
  // A page that is corrected comes again, behind the wrong one.
  for await (const { path, text } of crawler.crawl(shop, { start })) found.set(path, text)
  return { found, stats: crawler.stats().trust }
}

const truth = (await crawl('blind', lab.proxies.slice(0, 4))).found
for (const trust of ['blind', 'learn'] as const) {
  console.log(`trust: '${trust}'`)
  const { found, stats } = await crawl(trust)
  const wrong = [...truth].filter(([path, text]) => found.get(path) !== text).length
  console.log(
    `  ${found.size} pages, ${wrong} of them wrong; ${stats.comparisons} comparisons, ${stats.convictions} found lying, ${stats.corrected} pages corrected\n`,
  )
}
