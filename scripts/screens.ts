import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { renderLive } from '../src/cli/render.ts'
import { reportPage } from '../src/cli/report/report-page.ts'
import type { Scenario } from '../src/lab/scenario.ts'
import { photographDashboard } from './screens/dashboard-pages.ts'
import { type Staged, stage } from './screens/staged-crawl.ts'
import { terminalSvg } from './screens/terminal-svg.ts'

/**
 * The pictures in docs/img: frames of the progress view and pages of the report, all of them real output of crawls on
 * virtual time, so that they are the same each time, but for those of the dashboard. Pages become PNG where a chromium is found; `npm run screens`.
 */
const folder = fileURLToPath(new URL('../docs/img/', import.meta.url))
const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })
const site = { pages: 900, linksPerPage: 6, pageBytes: 12_000 }

/** Four sites and thirty proxies as lists are: one site limits, one goes down, some proxies lie, refuse or hang. */
const harbour: Scenario = {
  name: 'harbour',
  seed: 12,
  origins: {
    shop: { site },
    news: { site, limit: { total: { requests: 6, perMs: 1_000, burst: 6 } } },
    wiki: { site },
    archive: { site },
  },
  proxies: [
    { name: 'fast', count: 14, latency: around(90) },
    { name: 'slow', count: 7, latency: around(420) },
    {
      name: 'flaky',
      count: 3,
      latency: around(120),
      flaky: { request: 0.5, failures: ['reset', 'mid-body'] },
    },
    { name: 'refusing', count: 3, fault: 'dead' },
    { name: 'hanging', count: 2, fault: 'blackhole' },
    { name: 'lying', count: 1, latency: around(80), fault: { kind: 'inject', style: 'replace' } },
  ],
  timeline: [{ atMs: 9_000, forMs: 25_000, of: 'wiki', down: 503 }],
}

/** A list of which hardly any proxy works, and a site that refuses. */
const storm: Scenario = {
  name: 'storm',
  seed: 5,
  origins: { shop: { site }, news: { site } },
  proxies: [
    { name: 'good', count: 3, latency: around(300) },
    { name: 'refusing', count: 14, fault: 'dead' },
    { name: 'hanging', count: 6, fault: 'blackhole' },
    {
      name: 'flaky',
      count: 5,
      latency: around(500),
      flaky: { request: 0.8, failures: ['reset', 'mid-body'] },
    },
  ],
  timeline: [{ atMs: 14_000, forMs: 600_000, of: 'news', down: 500 }],
}

function draw(
  name: string,
  title: string,
  { view }: Staged,
  width: number,
  look: { colour: boolean; isAscii?: boolean },
) {
  const lines = renderLive(view, { width, ...look })
  writeFileSync(join(folder, `${name}.svg`), terminalSvg(title, lines, width))
}

const command = 'regatta crawl https://shop.lab/ --proxies proxies.txt'
const busy = await stage(harbour, {}, { maxPages: 3_000 }, 17_000)
draw('progress', command, busy, 110, { colour: true })
draw('progress-wide', command, busy, 168, { colour: true })
draw('progress-narrow', 'regatta crawl', busy, 48, { colour: true })
draw('progress-monochrome', 'NO_COLOR=1 LANG=C', busy, 110, { colour: false, isAscii: true })
const failing = await stage(storm, {}, {}, 32_000)
draw('progress-failing', command, failing, 110, { colour: true })
const young = await stage(harbour, {}, {}, 6_000)
draw('progress-finding', command, young, 110, { colour: true })

const ended = await stage(harbour, {}, { maxPages: 3_000 }, 75_000)
const page = reportPage({ ...ended.record, price: { amount: 3.5, currency: 'USD' } })
const chromium = process.env.CHROMIUM ?? 'chromium'
const work = mkdtempSync(join(tmpdir(), 'regatta-screens-'))
try {
  photograph('report-light', page.replace(/@media \(prefers-color-scheme:dark\)/, '@media not all'))
  photograph('report-dark', page.replace(/@media \(prefers-color-scheme:dark\)/, '@media all'))
  await photographDashboard(folder)
} catch (error) {
  console.error(
    `The pages were not photographed: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** What the reader's setting decides is decided here: a browser without a head has no setting. */
function photograph(name: string, content: string): void {
  const file = join(work, `${name}.html`)
  writeFileSync(file, content)
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--window-size=1000,2600',
  ]
  const picture = join(folder, `${name}.png`)
  execFileSync(chromium, [...flags, `--screenshot=${picture}`, `file://${file}`], { stdio: 'pipe' })
  // A third of the size, where somebody has it.
  execFileSync('pngquant', ['--force', '--strip', '--output', picture, '64', picture], { stdio: 'pipe' })
}
