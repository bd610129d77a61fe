import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Site, siteSchema, startLab } from '../src/lab/index.ts'
import { type LiarsCase, liarsCases, liarsScenario } from './liars/cases.ts'
import { type LiarsJob, type LiarsResult, liarsResultSchema } from './liars/job.ts'
import { addressOf, host, isLiar, pagesOf, siteOf } from './lies/case.ts'
import { perform } from './peers/perform.ts'
import type { Report } from './report.ts'

/**
 * The same liars for everybody: 400 pages through thirty HTTP proxies of which three lie, on real sockets, crawled by
 * Regatta with its defaults and by others as their documentation sets them up for a list of proxies (said at the top of
 * each one's file). A page is right when the site can have sent it for its address, wrong when it was handed over and is not;
 * missing are those of the 400 that no right page stands for.
 *
 * `npm run bench -- liars` installs the others and runs three seeds of each lie, a quarter of an hour; `liars smoke` runs Regatta alone,
 * one seed of five lies.
 */
const at = (path: string) => fileURLToPath(new URL(`./peers/${path}`, import.meta.url))

interface Client {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  readonly needs: string
}

const regatta: Client = {
  name: 'Regatta',
  command: [process.execPath, at('regatta/liars.mjs')],
  needs: at('regatta/liars.mjs'),
}
const others: readonly Client[] = [
  {
    name: 'Scrapy',
    command: [at('scrapy/.venv/bin/python'), at('scrapy/liars.py')],
    needs: at('scrapy/.venv/bin/scrapy'),
  },
  {
    name: 'Crawlee',
    command: [process.execPath, at('crawlee/liars.mjs')],
    needs: at('crawlee/node_modules/@crawlee/cheerio'),
  },
  {
    name: 'Colly',
    command: [at('colly/target/peer-colly'), 'liars'],
    needs: at('colly/target/peer-colly'),
  },
  {
    name: 'scatter-proxy',
    command: [at('scatter-proxy/target/release/peer-scatter-proxy'), 'liars'],
    needs: at('scatter-proxy/target/release/peer-scatter-proxy'),
  },
  {
    name: 'undici by hand',
    command: [process.execPath, at('raw-undici/liars.mjs')],
    needs: at('raw-undici/liars.mjs'),
  },
]

/** No other bench draws from here on, so no threshold was chosen on these seeds. */
const firstSeed = 2_000_001
const seeds = 3
const settings = { concurrency: 30, interval: 20, attemptMs: 10_000, retries: 3, capMs: 60_000 } as const
const graceMs = 10_000

export async function liars(report: Report, { isSmoke = false } = {}): Promise<void> {
  if (!isSmoke) {
    const names = ['crawlee', 'scrapy', 'colly', 'scatter-proxy', 'raw-undici']
    spawnSync(at('install.sh'), names, { stdio: 'inherit' })
  }
  const clients = (isSmoke ? [regatta] : [regatta, ...others]).filter(({ name, needs }) => {
    if (existsSync(needs)) return true
    report.figure(`${name}: left out, it is not installed (bench/peers/install.sh)`, 0)
    return false
  })
  const cases = isSmoke ? liarsCases.filter((_, index) => index % 3 === 0) : liarsCases
  const runs = cases.map(() => clients.map((): Share[] => []))
  const rows = () => cases.map((each, index): Row => ({ each, shares: runs[index]!.map(meanOf) }))
  const last = firstSeed + (isSmoke ? 1 : seeds) - 1
  for (let seed = firstSeed; seed <= last; seed++) {
    for (const [index, each] of cases.entries()) {
      for (const [who, client] of clients.entries()) runs[index]![who]!.push(await meet(client, each, seed))
    }
    // It takes long, so what is known is shown.
    tell(report, rows(), clients)
  }
  promises(report, rows())
}

/** What became of one client among one kind of liars, in one crawl or on average. */
interface Share {
  readonly version: string
  readonly right: number
  readonly wrong: number
  /** Of the wrong ones: marked as doubtful by the client itself. */
  readonly marked: number
  readonly missing: number
  /** Liars, and honest proxies, that it gave up; undefined where it keeps no account of proxies. */
  readonly found: number | undefined
  readonly blamed: number | undefined
  /** Requests for pages at the site, for each of its pages. */
  readonly requests: number
}

interface Row {
  readonly each: LiarsCase
  readonly shares: readonly Share[]
}

async function meet({ name, command }: Client, each: LiarsCase, seed: number): Promise<Share> {
  await using lab = await startLab(liarsScenario(each, seed))
  const follow = each.walk === undefined
  const origin = addressOf(each)
  const urls = follow
    ? [`${origin}/`]
    : Array.from({ length: pagesOf(each) }, (_, n) => `${origin}/api/items/${n}`)
  const job: LiarsJob = { ...settings, proxies: [...lab.proxies], urls, follow }
  const run = await perform(command, job, {
    result: liarsResultSchema,
    limitMs: settings.capMs + graceMs,
  })
  if ('reason' in run) throw new Error(`${name}, ${each.name}: ${run.reason}`)
  const { result, version } = run
  const liarAt = new Set(
    lab.proxyNames().flatMap((each) => (isLiar(each) ? [lab.proxy(each).url.split('//')[1]!] : [])),
  )
  const found = result.givenUp?.filter((proxy) => liarAt.has(proxy)).length
  const { rows } = (await lab.books()).origins.site!
  const asked = rows.filter(({ path }) => path === '/' || /^\/(?:page|api\/items)\//.test(path)).length
  return {
    version,
    ...judge(result, each, seed),
    found,
    blamed: found === undefined ? undefined : result.givenUp!.length - found,
    requests: asked / pagesOf(each),
  }
}

function judge({ pages }: LiarsResult, each: LiarsCase, seed: number) {
  const site = new Site(siteSchema.parse(siteOf(each, seed)), seed)
  const isOurs = each.walk === undefined ? /^\/(?:page\/\d+)?$/ : /^\/api\/items\/\d+$/
  const right = new Set<string>()
  let wrong = 0
  let marked = 0
  for (const { url, body, isMarked } of pages) {
    const { hostname, pathname, search } = new URL(url)
    const path = pathname + search
    if (hostname === host && isOurs.test(path) && site.isTrue(path, Buffer.from(body))) {
      right.add(path)
      continue
    }
    wrong++
    if (isMarked) marked++
  }
  return { right: right.size, wrong, marked, missing: pagesOf(each) - right.size }
}

function meanOf(runs: readonly Share[]): Share {
  const mean = (what: Exclude<keyof Share, 'version'>) =>
    runs.reduce((total, run) => total + (run[what] ?? 0), 0) / runs.length
  const hasAccount = runs.every(({ found }) => found !== undefined)
  return {
    version: runs[0]!.version,
    right: mean('right'),
    wrong: mean('wrong'),
    marked: mean('marked'),
    missing: mean('missing'),
    found: hasAccount ? mean('found') : undefined,
    blamed: hasAccount ? mean('blamed') : undefined,
    requests: mean('requests'),
  }
}

/** As a table shows a mean: to a tenth, where it is not whole. */
const shownMean = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1))

function tell(report: Report, rows: readonly Row[], clients: readonly Client[]): void {
  const names = clients.map(({ name }) => name)
  const shown = (title: string, cell: (share: Share) => string) =>
    report.table(
      title,
      ['', ...names],
      rows.map(({ each, shares }) => [each.name, ...shares.map(cell)]),
    )
  shown('Wrong pages that were accepted (of them marked as doubtful)', ({ wrong, marked }) =>
    marked > 0 ? `${shownMean(wrong)} (${shownMean(marked)})` : shownMean(wrong),
  )
  shown('Missing of the pages; the others are right', ({ missing }) => shownMean(missing))
  shown('Liars found out of 3, + honest proxies given up', ({ found, blamed }) =>
    found === undefined ? '–' : shownMean(found) + (blamed! > 0 ? ` + ${shownMean(blamed!)}` : ''),
  )
  const mean = (index: number, what: 'right' | 'wrong' | 'marked' | 'missing' | 'requests') =>
    rows.reduce((total, { shares }) => total + shares[index]![what], 0) / rows.length
  const foundBy = (index: number) => {
    const found = rows.map(({ shares }) => shares[index]!.found)
    if (found.includes(undefined)) return '–'
    return (found.reduce<number>((total, count) => total + count!, 0) / rows.length).toFixed(2)
  }
  report.table(
    `Means of all ${rows.length} lies`,
    ['', 'right', 'wrong', 'missing', 'found of 3', 'requests/page', 'version'],
    clients.map(({ name }, index) => [
      name,
      ...(['right', 'wrong', 'missing'] as const).map((what) => mean(index, what).toFixed(1)),
      foundBy(index),
      mean(index, 'requests').toFixed(2),
      rows[0]!.shares[index]!.version,
    ]),
  )
}

function promises(report: Report, rows: readonly Row[]): void {
  const ours = rows.map(({ shares }) => shares[0]!)
  const sum = (what: 'right' | 'wrong' | 'marked' | 'missing') =>
    ours.reduce((total, share) => total + share[what], 0)
  const silent = sum('wrong') - sum('marked')
  const accepted = sum('right') + sum('wrong')
  const percent = (value: number) => `${(100 * value).toFixed(2)} %`
  report.atMost("wrong among Regatta's pages, not marked", silent / accepted, 0.001, percent)
  report.atMost('pages that Regatta does not bring at all', sum('missing') - sum('wrong'), 0)
}
