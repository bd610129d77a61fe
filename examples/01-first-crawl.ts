import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'

/**
 * The smallest crawl: a list of proxies, a source, a loop. The lab is a small world on this machine; with proxies and a
 * site of your own, leave it out.
 */
await using lab = await startLab({
  origins: { site: { site: { pages: 25 } } },
  proxies: [
    { name: 'good', count: 4, latency: 30 },
    { name: 'dead', fault: 'dead' },
  ],
})

await using crawler = await createCrawler({ proxies: [...lab.proxies] })

let pages = 0
for await (const page of crawler.crawl(site, { start: `${lab.origins.site!.url}/` })) {
  pages++
  console.log(`${page.status} ${page.url}  "${page.title}"  via ${page.via}`)
}
console.log(`${pages} pages.`)
