import { RegattaError } from '../contracts/errors.ts'
import type { Dashboard } from '../dashboard/serve-dashboard.ts'
import type { Crawler } from '../face/crawler.ts'
import { UsageError } from './command-failure.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import type { Io } from './io.ts'

/**
 * `regatta crawl --dashboard`: shows the crawl live, and says where, also with --quiet: nobody could look without the token. It
 * goes with the crawl, unless it is to stay while somebody looks.
 */
type DashboardFlags = Pick<CrawlFlags, 'dashboard' | 'dashboardPort' | 'dashboardStay' | 'open'>

/** Throws UsageError for what says nothing without --dashboard. */
export function assertDashboardFlags({
  dashboard,
  dashboardPort,
  dashboardStay,
  open,
}: DashboardFlags): void {
  if (dashboard) return
  const given = { '--dashboard-port': dashboardPort, '--dashboard-stay': dashboardStay, '--open': open }
  const [first] = Object.entries(given).find(([, value]) => value !== undefined) ?? []
  if (first !== undefined) throw new UsageError(`${first} needs --dashboard.`)
}

export async function openLiveDashboard(
  crawler: Crawler,
  { dashboard, dashboardPort: port, open }: DashboardFlags,
  { stderr }: Pick<Io, 'stderr'>,
): Promise<Dashboard | undefined> {
  if (!dashboard) return undefined
  try {
    const shown = await crawler.dashboard({ port, open })
    stderr.write(`Dashboard: ${shown.url}\n`)
    return shown
  } catch (error) {
    if (!(error instanceof RegattaError)) throw error
    throw new UsageError(error.message.replace('dashboard(): ', '--dashboard-port: '))
  }
}

/** Until nobody looks any more, or Ctrl-C. A crawl that was ended by Ctrl-C has nobody to stay for. */
export async function stayOpen(
  dashboard: Dashboard,
  interrupted: AbortSignal,
  { stderr }: Pick<Io, 'stderr'>,
): Promise<void> {
  if (interrupted.aborted) return
  stderr.write(`The crawl has ended. ${dashboard.url} stays while somebody looks; Ctrl-C ends it.\n`)
  await dashboard.untilLeft(interrupted).catch(() => {})
}
