import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'
import { createJsonlSink } from 'regatta/sinks'

/** A crawl that is stopped in the middle goes on where it was, in another process if need be, and doubles nothing. */
const folder = await mkdtemp(join(tmpdir(), 'regatta-example-'))
await using lab = await startLab({
  origins: { shop: { site: { pages: 60 } } },
  proxies: [{ count: 4, latency: 20 }, { fault: 'dead' }],
})

async function run(stopAfter: number) {
  await using crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: false,
    state: join(folder, 'state'),
  })
  const sinks = [createJsonlSink({ to: join(folder, 'pages.jsonl') })]
  const crawl = crawler.crawl(site, { start: `${lab.origins.shop!.url}/`, sitemaps: false }, { sinks })
  let items = 0
  crawler.on('item', () => {
    if (++items === stopAfter) void crawl.stop() // or kill -9, or a full disk
  })
  return await crawl.run()
}

const first = await run(20)
console.log(`first run: ${first.pages} pages, ${first.queued} left (${first.ending})`)
const second = await run(Number.POSITIVE_INFINITY)
console.log(`second run: ${second.pages} pages, ${second.earlier?.pages} of them before (${second.ending})`)

const lines = (await readFile(join(folder, 'pages.jsonl'), 'utf8')).trim().split('\n')
const urls = new Set(lines.map((line) => (JSON.parse(line) as { url: string }).url))
console.log(`the file has ${lines.length} lines, ${urls.size} of them different`)
await rm(folder, { recursive: true })
