import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { createAuthority } from '../src/lab/certificates.ts'
import { perform } from './peers/perform.ts'
import type { Report } from './report.ts'
import { marker, type ToleranceCase } from './tolerance/case.ts'
import { documentCases } from './tolerance/documents.ts'
import { redirectCases } from './tolerance/redirects.ts'
import { robotsCases } from './tolerance/robots.ts'
import { serve } from './tolerance/servers.ts'
import { sitemapCases } from './tolerance/sitemaps.ts'
import { wireCases } from './tolerance/wire.ts'

/**
 * The same pages and servers given to curl, Node's fetch, Scrapy, Crawlee, Colly and Regatta: Regatta gets at least every
 * page that any of them gets. Where it does not and should not, the case says why. A client got a page when the case's text stands in what
 * it hands its user; it is asked only for what it claims to do (curl reads no links, Colly no sitemaps).
 */
const cases: readonly ToleranceCase[] = [
  ...wireCases,
  ...documentCases,
  ...redirectCases,
  ...robotsCases,
  ...sitemapCases,
]

/** How long one page may take, ms. */
const capMs = 10_000

const resultSchema = z.strictObject({ got: z.array(z.string()), notes: z.record(z.string(), z.string()) })
type Result = z.output<typeof resultSchema>

interface Job {
  readonly cases: readonly {
    readonly id: string
    readonly start: string
    readonly origin: string
    readonly needs: ToleranceCase['needs']
    readonly marker: string
  }[]
  readonly capMs: number
  /** File of the authority that the secure ones are certified by. */
  readonly ca: string
}

interface Client {
  readonly name: string
  readonly does: readonly ToleranceCase['needs'][]
  readonly needs: string
  run(job: Job): Promise<Result | { reason: string }>
}

const at = (path: string) => fileURLToPath(new URL(`./peers/${path}`, import.meta.url))
const program = (
  name: string,
  does: Client['does'],
  needs: string,
  ...command: readonly [string, ...string[]]
): Client => ({
  name,
  does,
  needs,
  async run(job) {
    const env = { NODE_EXTRA_CA_CERTS: job.ca, SSL_CERT_FILE: job.ca }
    const run = await perform(command, job, { result: resultSchema, limitMs: 180_000, env })
    return 'reason' in run ? run : run.result
  },
})

const regatta = program(
  'Regatta',
  ['page', 'text', 'crawl', 'sitemap'],
  at('regatta/tolerance.mjs'),
  process.execPath,
  at('regatta/tolerance.mjs'),
)
const others: readonly Client[] = [
  { name: 'curl', does: ['page'], needs: '/usr/bin/curl', run: runCurl },
  program('fetch', ['page', 'text'], at('fetch/tolerance.mjs'), process.execPath, at('fetch/tolerance.mjs')),
  program(
    'Scrapy',
    ['page', 'text', 'crawl', 'sitemap'],
    at('scrapy/.venv/bin/scrapy'),
    at('scrapy/.venv/bin/python'),
    at('scrapy/tolerance.py'),
  ),
  program(
    'Crawlee',
    ['page', 'text', 'crawl', 'sitemap'],
    at('crawlee/node_modules/@crawlee/cheerio'),
    process.execPath,
    at('crawlee/tolerance.mjs'),
  ),
  program(
    'Colly',
    ['page', 'text', 'crawl'],
    at('colly/target/peer-colly'),
    at('colly/target/peer-colly'),
    'tolerance',
  ),
]

export interface ToleranceOptions {
  /** Regatta alone. */
  readonly isSmoke?: boolean
}

export async function tolerance(report: Report, { isSmoke = false }: ToleranceOptions = {}): Promise<void> {
  if (!isSmoke) spawnSync(at('install.sh'), ['crawlee', 'scrapy', 'colly'], { stdio: 'inherit' })
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'regatta-tolerance-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const authority = await createAuthority(Date.now())
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, authority.ca)
  const asked = await Promise.all(
    cases.map(async (each) => {
      const { origin } = stack.use(await serve(each, authority))
      const { title: id, needs, start = '/' } = each
      return { id, start: origin + start, origin, needs, marker: each.marker ?? marker }
    }),
  )
  const clients = (isSmoke ? [regatta] : [regatta, ...others]).filter(({ name, needs }) => {
    if (existsSync(needs)) return true
    report.figure(`${name}: left out, it is not installed (bench/peers/install.sh)`, 0)
    return false
  })
  const results = new Map<string, ClientResult>()
  for (const { name, does, run } of clients) {
    // Those that may take all their time begin first.
    const some = asked
      .filter(({ needs }) => does.includes(needs))
      .sort((one, other) => slow(other) - slow(one))
    const result = await run({ cases: some, capMs, ca })
    if ('reason' in result) throw new Error(`${name} ${result.reason}`)
    results.set(name, {
      asked: new Set(some.map(({ id }) => id)),
      got: new Set(result.got),
      notes: result.notes,
    })
  }
  tell(report, results, isSmoke)
}

const slow = ({ id }: { readonly id: string }) => {
  const { differs, isHopeless } = cases.find(({ title }) => title === id)!
  return Number(differs !== undefined || isHopeless === true)
}

interface ClientResult {
  readonly asked: ReadonlySet<string>
  readonly got: ReadonlySet<string>
  readonly notes: Result['notes']
}

function tell(report: Report, results: ReadonlyMap<string, ClientResult>, isSmoke: boolean): void {
  const names = [...results.keys()]
  const ours = results.get(regatta.name)!
  const shown = (id: string) => (result: ClientResult) =>
    result.asked.has(id) ? (result.got.has(id) ? 'yes' : '–') : ''
  report.table(
    `Tolerance: ${cases.length} pages as servers serve them`,
    ['', ...names],
    cases.map(({ title }) => [title, ...[...results.values()].map(shown(title))]),
  )
  for (const [name, { asked, got }] of results)
    report.figure(`${name} got`, got.size, (value) => `${value} of ${asked.size}`)
  const left = cases.filter(({ title }) => !ours.got.has(title))
  if (left.length > 0) {
    const getters = (title: string) => names.filter((name) => results.get(name)!.got.has(title)).join(', ')
    report.table(
      'Left by Regatta',
      ['', 'got by', 'why'],
      left.map(({ title, differs }) => [
        title,
        getters(title) || 'nobody',
        differs ?? ours.notes[title] ?? '',
      ]),
    )
  }
  // Without the others the cases that nobody gets are known by name.
  const isOwed = ({ title, differs, isHopeless }: ToleranceCase) =>
    differs === undefined && (isSmoke ? !isHopeless : names.some((name) => results.get(name)!.got.has(title)))
  report.atMost('pages that others get and Regatta should', left.filter(isOwed).length, 0)
}

/** As a user asks for a page: redirects, cookies and codings as they come. */
async function runCurl({ cases: asked, capMs: most, ca }: Job): Promise<Result> {
  const got: string[] = []
  const notes: Record<string, string> = {}
  const one = ({ id, start, marker: wanted }: Job['cases'][number]) =>
    new Promise<void>((resolve) => {
      const flags = ['-sSL', '--compressed', '-b', '', '--cacert', ca, '--max-time', String(most / 1_000)]
      const options = { encoding: 'latin1', maxBuffer: 64 * 2 ** 20 } as const
      execFile('/usr/bin/curl', [...flags, start], options, (error, stdout, stderr) => {
        if (!error && stdout.includes(wanted)) got.push(id)
        else notes[id] = stderr.trim() || stdout.slice(0, 60)
        resolve()
      })
    })
  for (let next = 0; next < asked.length; next += 16) await Promise.all(asked.slice(next, next + 16).map(one))
  return { got, notes }
}
