import { resolve } from 'node:path'
import { delay } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'
import { serveDashboard } from '../dashboard/serve-dashboard.ts'
import { listCrawls } from '../state/stored-crawls.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { noCrawlIn } from './crawl-folders.ts'
import { FolderView } from './dashboard-folder.ts'
import { relayTo } from './dashboard-relay.ts'
import { listenForInterruption } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

export interface DashboardFlags {
  readonly port?: number
  readonly open?: true
}

const aliveFor = 3_600_000

/**
 * `regatta dashboard FOLDER`: the crawl in a folder, running or not, in a browser, until a signal. It only reads, as `regatta
 * status` does. While the crawl's own process shows itself, all that the page asks goes there, so that it is live and its
 * buttons work.
 */
export async function dashboardCommand(folder: string, flags: DashboardFlags, io: Io): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  if ((await listCrawls(dir)).length === 0) throw await noCrawlIn(dir, io.cwd, `${regatta(io)} dashboard`)
  const view = new FolderView(dir, io.clock)
  await view.refresh()
  const interruption = listenForInterruption(io)
  try {
    const dashboard = await serveDashboard(view, flags, relayTo(dir))
    io.stderr.write(`Dashboard: ${dashboard.url}\n`)
    // The server alone does not keep the process alive.
    while (!interruption.first.aborted) await delay(io.clock, aliveFor, interruption.first).catch(() => {})
    await dashboard.close()
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof RegattaError)) throw error
    throw new UsageError(error.message.replace('dashboard(): ', '--port: '))
  } finally {
    interruption.end()
  }
}
