import { counted } from '../base/format.ts'
import { type CrawlSummary, createCrawler } from '../face/crawler.ts'
import { findScenario, type Lab, startLab } from '../lab/index.ts'
import { regatta } from './called.ts'
import { assertDashboardFlags, openLiveDashboard, stayOpen } from './dashboard-of-crawl.ts'
import { followCrawl } from './follow.ts'
import { listenForInterruption, unlessInterrupted } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { type Opening, recordOpenings, renderOpenings } from './openings.ts'
import { findSource } from './registry.ts'
import { renderSummary } from './render-summary.ts'
import { RunLedger } from './report/run-ledger.ts'

export interface DemoFlags {
  readonly seed?: number
  readonly quiet?: true
  readonly dashboard?: true
  readonly dashboardPort?: number
  readonly open?: true
}

/**
 * `regatta` without a word: a world of its own, crawled through its bad proxies, and a report of what happened. It takes
 * seconds, so its dashboard always stays while somebody looks.
 */
export async function demoCommand(flags: DemoFlags, io: Io): Promise<ExitCode> {
  assertDashboardFlags(flags)
  const interruption = listenForInterruption(io)
  const { seed } = flags
  try {
    await using lab = await startLab(findScenario('demo'))
    if (flags.quiet !== true) io.stderr.write(`${introduce(lab)}\n\n`)
    const opening = createCrawler({
      proxies: [...lab.proxies],
      ...(lab.ca === '' ? {} : { ca: lab.ca }),
      ...(seed === undefined ? {} : { seed }),
    })
    await using crawler = await unlessInterrupted(opening, interruption.first, (late) => void late.stop())
    const dashboard = await openLiveDashboard(crawler, flags, io)
    const openings = recordOpenings(crawler)
    const { source } = await findSource('site')
    const start = Object.values(lab.origins).map(({ url }) => `${url}/`)
    const crawl = crawler.crawl(source, { start })
    const quiet = flags.quiet === true
    const ledger = new RunLedger(crawler, io.clock)
    const { summary } = await followCrawl({ crawler, crawl, io, interruption, quiet, ledger })
    ledger.end()
    io.stdout.write(report(lab, summary, openings.list(), crawler.seed, regatta(io)))
    openings.detach()
    const wasInterrupted = interruption.first.aborted
    if (dashboard) await stayOpen(dashboard, interruption.first, io)
    if (wasInterrupted) return exitCodes.interrupted
    return summary.pages > 0 ? exitCodes.done : exitCodes.failed
  } finally {
    interruption.end()
  }
}

function introduce(lab: Lab): string {
  const sites = Object.values(lab.origins).map(({ host }) => host)
  return `A small world on this machine: ${sites.join(', ')}, behind ${counted(lab.proxies.length, 'proxy', 'proxies')} of which many are bad. No internet is used.`
}

/** The report: what came home, what it took, and which proxies were given up on. */
export function report(
  lab: Lab,
  summary: CrawlSummary,
  openings: readonly Opening[],
  seed: number,
  called: string,
): string {
  const lines = [
    '',
    'What happened',
    ...renderSummary(summary)
      .flat()
      .map((line) => `  ${line}`),
    ...summary.deadLetters
      .slice(0, 5)
      .map(({ url, detail, code }) => `  gave up ${url}: ${detail} (${code})`),
    '',
    openings.length === 0
      ? 'No proxy had to be taken out of service.'
      : `Taken out of service: ${counted(openings.length, 'proxy', 'proxies')} of ${lab.proxies.length}, and why`,
    ...renderOpenings(openings),
    '',
    'What next',
    `  ${called} crawl https://your.site/ --proxies proxies.txt --out pages.jsonl`,
    `  ${called} lab --proxies-out proxies.txt     this world, to crawl from another terminal`,
    `  ${called} new source my-source              a crawler of your own, in one file`,
    `  ${called} demo --dashboard --open           the same, live in a browser`,
    `  ${called} demo --seed ${seed}${' '.repeat(Math.max(1, 22 - String(seed).length))}the same choices again`,
  ]
  return `${lines.join('\n')}\n`
}
