import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { site } from 'regatta/plugins/site'
import { createCallbackSink, createCsvSink, createJsonlSink } from 'regatta/sinks'

/**
 * A crawl inside a program: items go to files and to a function of your own. A page counts as done when every sink has
 * taken it, and a slow sink slows the crawl.
 */
await using lab = await startLab({
  origins: { site: { site: { pages: 30 } } },
  proxies: [{ count: 5, latency: 20 }],
})
await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: { interval: 50 } })

const folder = await mkdtemp(join(tmpdir(), 'regatta-example-'))
const jsonl = join(folder, 'pages.jsonl')
const csv = join(folder, 'pages.csv')
const longest = { url: '', words: 0 }

const sinks = [
  createJsonlSink({ to: jsonl }),
  createCsvSink({ to: csv, columns: ['url', 'title', 'bytes'] }),
  createCallbackSink(({ value }) => {
    const { url, text } = value as { url: string; text: string }
    const words = text.split(' ').length
    if (words > longest.words) Object.assign(longest, { url, words })
  }),
]
const { pages, items, wallMs } = await crawler
  .crawl(site, { start: `${lab.origins.site!.url}/` }, { sinks })
  .run()

const linesOf = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n')
console.log(`${pages} pages, ${items} items in ${Math.round(wallMs)} ms.`)
console.log(
  `JSONL: ${(await linesOf(jsonl)).length} lines. CSV: ${(await linesOf(csv)).slice(0, 3).join(' | ')} …`,
)
console.log(`Most words: ${longest.url} (${longest.words}).`)
await rm(folder, { recursive: true })
