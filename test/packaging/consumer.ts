import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCrawler, defineSource, type Strategy } from 'regatta'
import { startLab } from 'regatta/lab'
import { attachMetrics, createLog } from 'regatta/observe'
import { site } from 'regatta/plugins/site'
import { findScenario, simulate } from 'regatta/sim'
import { createJsonlSink } from 'regatta/sinks'
import { canonicalUrl, readDirectives } from 'regatta/source'
import { z } from 'zod'

/** A user's program: copied beside an installed package, type-checked there, and run. It goes through every door. */
const titles = defineSource({
  name: 'titles',
  params: z.object({ base: z.url() }),
  item: z.object({ title: z.string(), depth: z.number(), url: z.string() }),
  data: { page: z.object({ depth: z.number() }) },
  *seeds({ base }) {
    yield { url: base, label: 'page', data: { depth: 0 } }
  },
  parse: {
    *page(page) {
      const { depth } = page.data
      yield page.item({ title: page.$('title').text(), depth, url: canonicalUrl(page.url) })
      const next = page.links('a[href^="/page/"]').links.slice(0, 1)
      if (depth > 0 || readDirectives(page).nofollow) return
      yield page.follow(
        next.map(({ url }) => ({ url, label: 'page', data: { depth: depth + 1 } })),
        { priority: 1 },
      )
      // @ts-expect-error the installed types know the labels too
      yield page.follow([], { label: 'pgae' })
    },
  },
})

const first: Strategy = { name: 'first', pick: () => 0 }

await using lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 2 }] })
await using crawler = await createCrawler({ proxies: [...lab.proxies], strategy: first, politeness: false })
const { registry } = attachMetrics(crawler)
createLog({ level: 'silent' }).info('not written')

const start = `${lab.origins.site?.url}/`
const urls: string[] = []
for await (const page of crawler.crawl(site, { start })) urls.push(page.url)
const folder = await mkdtemp(join(tmpdir(), 'regatta-consumer-'))
const file = join(folder, 'titles.jsonl')
const found: string[] = []
const sinks = [createJsonlSink({ to: file })]
for await (const { title } of crawler.crawl(titles, { base: start }, { sinks })) found.push(title)
const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
await rm(folder, { recursive: true })
if (!(await registry.metrics()).includes('crawler_tasks_total')) throw new Error('There are no metrics.')
const { pages } = await simulate(findScenario('mixed-100'), { requests: 50 })
const counts = { pages: urls.length, titles: found.length, lines: lines.length, simulated: pages.succeeded }
console.log(JSON.stringify(counts))
