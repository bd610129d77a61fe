import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { site } from '../plugins/site.ts'
import { createCrawler, defineSource } from '../src/index.ts'
import { findScenario, type Lab, startLabProcess } from '../src/lab/index.ts'
import { createJsonlSink } from '../src/sink/index.ts'
import { median, type Report, share } from './report.ts'

/**
 * What it costs to lose nothing: the same crawl of a clean lab with its state in memory and on the disk, in turns
 * (A B A B …), a JSON Lines sink behind both. Long enough that the start of a thread (0.1 s) and its warming up weigh
 * little. Once as `regatta crawl` does it (the plugin `site`), once with a source that hardly parses, where the cost
 * shows most.
 */
const links = defineSource({
  name: 'links',
  params: z.object({ start: z.string() }),
  item: z.object({ url: z.string() }),
  *seeds({ start }) {
    yield start
  },
  *parse(page) {
    yield page.item({ url: page.url })
    yield page.follow([...page.text().matchAll(/href="(\/page\/\d+)"/g)].map(([, path]) => path!))
  },
})

export async function durability(report: Report, { pages = 12_000, rounds = 4 } = {}): Promise<void> {
  const scenario = findScenario('clean-20')
  await using lab = await startLabProcess({
    ...scenario,
    origins: { site: { site: { pages: 50_000, linksPerPage: 10, pageBytes: 2_000 } } },
  })
  const rows: string[][] = []
  for (const source of ['site', 'links'] as const) {
    await run(lab, source, pages / 2, false)
    await run(lab, source, pages / 2, true)
    const pairs: { memory: Run; durable: Run }[] = []
    for (let round = 0; round < rounds; round++) {
      pairs.push({
        memory: await run(lab, source, pages, false),
        durable: await run(lab, source, pages, true),
      })
    }
    const middle = (pick: (pair: (typeof pairs)[number]) => number) => median(pairs.map(pick))
    rows.push([
      source,
      middle(({ memory }) => memory.rate).toFixed(0),
      middle(({ durable }) => durable.rate).toFixed(0),
      middle(({ memory }) => memory.cpu).toFixed(0),
      middle(({ durable }) => durable.cpu).toFixed(0),
      share(middle(({ memory, durable }) => durable.rate / memory.rate)),
    ])
  }
  report.table(
    `Durability: ${pages.toLocaleString('en')} pages of the clean lab, state in memory and on disk`,
    ['source', 'pages/s in memory', 'pages/s on disk', 'CPU µs/page', 'CPU µs/page on disk', 'ratio'],
    rows,
  )
  report.atLeast('durable ÷ in memory, regatta crawl', Number(rows[0]!.at(-1)), 0.85, share)
  report.figure('durable ÷ in memory, a source that hardly parses', Number(rows[1]!.at(-1)), share)
}

interface Run {
  /** Pages a second. */
  readonly rate: number
  /** CPU microseconds a page, of all threads. */
  readonly cpu: number
}

async function run(lab: Lab, which: 'site' | 'links', pages: number, isDurable: boolean): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-durability-'))
  try {
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      ...(isDurable && { state: join(folder, 'state') }),
    })
    const start = `${lab.origins.site!.url}/`
    const options = { maxPages: pages, sinks: [createJsonlSink({ to: join(folder, 'pages.jsonl') })] }
    const crawl =
      which === 'site'
        ? crawler.crawl(site, { start, sitemaps: false }, options)
        : crawler.crawl(links, { start }, options)
    const cpu = process.cpuUsage()
    const begun = performance.now()
    const summary = await crawl.run()
    const used = process.cpuUsage(cpu)
    const took = performance.now() - begun
    return { rate: (summary.pages / took) * 1_000, cpu: (used.user + used.system) / summary.pages }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
