import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { nginx } from '../test/real/servers/nginx.ts'
import { freePorts } from '../test/real/servers/server.ts'
import { writePages } from './pages/corpus.ts'
import { type Performance, perform } from './peers/perform.ts'
import type { Report } from './report.ts'

/**
 * What a crawl of real pages costs: the Python documentation (530 pages, 51 MB of HTML; Debian's package python3-doc) and
 * 20,000 small pages, served by nginx on loopback, 32 at a time, without proxies and politeness, title, text and links
 * taken of each. Every crawler has a process of its own and its plain settings; CPU (user and system) and resident memory
 * are read from /proc.
 */
export interface PagesOptions {
  /** Regatta alone, and a tenth of the small pages. */
  readonly isSmoke?: boolean
}

const concurrency = 32
const megabyte = 1_048_576
const mostMemory = 250 * megabyte
/** CPU of a page, against Colly's. */
const most = { documentation: 1, 'small pages': 1.5 }
/** What a busy machine of two cores must manage, pages a second. */
const slowest = { documentation: 20, 'small pages': 120 }

const resultSchema = z.strictObject({
  pages: z.number(),
  titles: z.number(),
  characters: z.number(),
  links: z.number(),
  wallMs: z.number(),
})
type Result = z.output<typeof resultSchema>

interface Crawler {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly needs: string
}

const at = (path: string) => fileURLToPath(new URL(`./peers/${path}`, import.meta.url))
const regatta: Crawler = {
  name: 'Regatta',
  // As docs/troubleshooting.md says for a program of one's own; the command line sees to it by itself.
  command: [process.execPath, '--max-semi-space-size=8', '--heap-growing-percent=70', at('regatta/site.mjs')],
  needs: at('regatta/site.mjs'),
}
const colly: Crawler = {
  name: 'Colly',
  command: [at('colly/target/peer-colly'), 'site'],
  needs: at('colly/target/peer-colly'),
}
const others: readonly Crawler[] = [
  colly,
  {
    name: 'Scrapy',
    command: [at('scrapy/.venv/bin/python'), at('scrapy/site.py')],
    needs: at('scrapy/.venv/bin/scrapy'),
  },
  {
    name: 'Crawlee',
    command: [process.execPath, at('crawlee/site.mjs')],
    needs: at('crawlee/node_modules/@crawlee/cheerio'),
  },
]

export async function pages(report: Report, { isSmoke = false }: PagesOptions = {}): Promise<void> {
  if (!isSmoke) spawnSync(at('install.sh'), ['crawlee', 'scrapy', 'colly'], { stdio: 'inherit' })
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'regatta-pages-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755) // nginx gives up being root
  const small = join(folder, 'small')
  writePages(small, isSmoke ? 2_000 : 20_000)
  const sites = { documentation: '/usr/share/doc/python3/html', 'small pages': small }
  for (const name of ['documentation', 'small pages'] as const) {
    if (!existsSync(sites[name]) || !existsSync('/usr/sbin/nginx')) {
      report.figure(`${name}: left out, nginx-light or python3-doc is missing (test/real/install.sh)`, 0)
      continue
    }
    const [port] = await freePorts(1)
    const place = mkdtempSync(join(folder, 'nginx-'))
    chmodSync(place, 0o755)
    const { server } = nginx(place, port!, realpathSync(sites[name]))
    stack.use(server)
    await server.start()
    await compare(report, name, `http://127.0.0.1:${port}/index.html`, isSmoke)
  }
}

async function compare(
  report: Report,
  site: 'documentation' | 'small pages',
  start: string,
  isSmoke: boolean,
): Promise<void> {
  const rows: string[][] = []
  const costs = new Map<string, Cost>()
  for (const { name, command, needs } of isSmoke ? [regatta] : [regatta, ...others]) {
    const job = { start, concurrency }
    const run = existsSync(needs)
      ? await perform(command, job, { result: resultSchema, limitMs: 1_800_000, sampleMs: 50 })
      : { reason: 'not installed: run bench/peers/install.sh' }
    if ('reason' in run) {
      rows.push([name, ...Array.from({ length: 8 }, () => '–'), run.reason])
      continue
    }
    const cost = costOf(run)
    costs.set(name, cost)
    rows.push([name, ...cells(run.result, cost)])
  }
  const head = [
    '',
    'pages',
    'titles',
    'links',
    'MB of text',
    'pages/s',
    'CPU s',
    'ms/page',
    'peak MB',
    'then',
  ]
  report.table(`Pages: ${site}`, head, rows)
  const ours = costs.get(regatta.name)
  if (!ours) throw new Error(`Regatta did not crawl the ${site}: ${rows[0]!.at(-1)}`)
  promise(report, site, ours, costs, isSmoke)
}

function promise(
  report: Report,
  site: 'documentation' | 'small pages',
  ours: Cost,
  costs: ReadonlyMap<string, Cost>,
  isSmoke: boolean,
): void {
  const megabytes = (bytes: number) => `${(bytes / megabyte).toFixed(0)} MB`
  report.atMost(`${site}: peak memory`, ours.peakBytes, mostMemory, megabytes)
  if (isSmoke) {
    report.atLeast(`${site}: pages a second`, ours.pagesPerSecond, slowest[site], (value) => value.toFixed(0))
    return
  }
  const share = (value: number) => `${(value * 100).toFixed(0)} %`
  report.atMost(`${site}: memory of the second half ÷ the first`, ours.growth, 1.1, share)
  const theirs = costs.get(colly.name)
  if (theirs) {
    const ratio = ours.cpuMsPerPage / theirs.cpuMsPerPage
    report.atMost(`${site}: CPU of a page ÷ Colly's`, ratio, most[site], (value) => value.toFixed(2))
  }
  for (const [name, { pages }] of costs)
    if (name !== regatta.name) report.atLeast(`${site}: pages ÷ ${name}'s`, ours.pages / pages, 1, share)
}

interface Cost {
  readonly pages: number
  readonly cpuMs: number
  readonly cpuMsPerPage: number
  readonly pagesPerSecond: number
  readonly peakBytes: number
  /** Peak of the second half of the run ÷ peak of the first. */
  readonly growth: number
}

function costOf({ result, before, after, memory }: Performance<Result>): Cost {
  const cpuMs = after.cpuMs - before.cpuMs
  const half = Math.ceil(memory.length / 2)
  return {
    pages: result.pages,
    cpuMs,
    cpuMsPerPage: cpuMs / result.pages,
    pagesPerSecond: (result.pages / result.wallMs) * 1_000,
    peakBytes: after.peakBytes,
    growth: Math.max(...memory.slice(half)) / Math.max(...memory.slice(0, half)),
  }
}

function cells({ pages, titles, links, characters }: Result, cost: Cost): string[] {
  return [
    ...[pages, titles, links].map(String),
    (characters / 1e6).toFixed(1),
    cost.pagesPerSecond.toFixed(0),
    (cost.cpuMs / 1_000).toFixed(2),
    cost.cpuMsPerPage.toFixed(2),
    (cost.peakBytes / megabyte).toFixed(0),
    `${(cost.growth * 100).toFixed(0)} %`,
  ]
}
