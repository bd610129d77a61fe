import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Report } from '../report.ts'
import { cast, crawlee, isInstalled, type Peer, rawUndici, regatta } from './cast.ts'
import { enough, type Loss, lossesOf, percent, reportLosses } from './compare.ts'
import { type Meeting, writePages } from './page.ts'
import { type Measured, runPeer } from './run-peer.ts'
import { type PeerScenario, peerScenarios } from './scenarios.ts'
import { type Row, tableHead, tableRow } from './table.ts'

/**
 * Regatta beside others that crawl through proxies: same lab, same seed, same concurrency, best reasonable settings for
 * each (said in each one's file). `install.sh` installs them first; one that cannot be had gets that as its reason.
 */
export interface PeersOptions {
  /** A minimum of everything, for a busy machine: Regatta, raw undici, Crawlee if installed, in the clean world. */
  readonly smoke?: boolean
  /** Names of scenarios and of peers; default all. */
  readonly scenarios?: readonly string[]
  readonly only?: readonly string[]
  /** Write docs/bench. Default false. */
  readonly writeDocs?: boolean
}

const concurrency = 50
const full = { concurrency, capMs: 13_000 }
/** Regatta gets so many of the pages in time, everywhere. Where another gets more, the report says why. */
const floor = 0.9
const brief = { concurrency, capMs: 5_000 }

export async function peers(report: Report, options: PeersOptions = {}): Promise<void> {
  const { smoke = false, scenarios, only } = options
  const settings = smoke ? brief : full
  if (!smoke) install()
  const meetings: Meeting[] = []
  const losses: Loss[] = []
  for (const scenario of chosen(smoke ? ['clean-20'] : scenarios)) {
    const rows: Row[] = []
    for (const peer of partners(scenario, smoke, only)) {
      const row = isInstalled(peer)
        ? await runPeer(peer, scenario, settings)
        : { peer: peer.name, reason: 'not installed: run bench/peers/install.sh' }
      rows.push(row)
    }
    meetings.push({ scenario, rows })
    report.table(scenario.title, tableHead, rows.map(tableRow))
    const ran = rows.filter((row) => 'success' in row)
    const ours = ran.find((row) => row.peer === regatta.name)
    if (!ours) continue
    report.atLeast(`${scenario.name}: good pages of Regatta`, ours.success, floor, percent)
    losses.push(
      ...lossesOf(
        scenario,
        ours,
        ran.filter((row) => row !== ours),
      ),
    )
    const left = ran.filter((row) => row !== ours && row.success < enough)
    if (left.length > 0) {
      report.figure('not compared, too few good pages', left.length, () =>
        left.map((row) => `${row.peer} (${percent(row.success)})`).join(', '),
      )
    }
    if (scenario.name === 'clean-20') promiseCpu(report, ours, ran)
  }
  if (smoke) return
  reportLosses(report, losses)
  if (options.writeDocs) writePages(meetings, losses, settings)
}

/**
 * Ten times Crawlee's pages per CPU second: kept against Crawlee as its documentation shows it. Against the tuned form it
 * cannot be asked: raw undici, by hand, was 7 to 11 times Crawlee in the runs seen, so a crawler on undici would have to cost less than that.
 */
function promiseCpu(report: Report, ours: Measured, ran: readonly Measured[]): void {
  const ratio = (name: string) => {
    const other = ran.find((row) => row.peer === name)
    return other && other.cpuMsPerPage / ours.cpuMsPerPage
  }
  const documented = ratio('Crawlee, defaults')
  const tuned = ratio(crawlee.name)
  const raw = ran.find((row) => row.peer === rawUndici.name)
  if (documented) report.atLeast('pages per CPU second ÷ Crawlee, as documented', documented, 10, times)
  if (tuned) report.atLeast('pages per CPU second ÷ Crawlee, tuned', tuned, 5, times)
  if (tuned && raw) {
    report.figure(
      'the same of raw undici, the most there is',
      (tuned * ours.cpuMsPerPage) / raw.cpuMsPerPage,
      times,
    )
  }
}

/** Whatever of the others is missing; a minute or two the first time, nothing after that. */
function install(): void {
  spawnSync(fileURLToPath(new URL('./install.sh', import.meta.url)), { stdio: 'inherit' })
}

function chosen(names: readonly string[] | undefined): readonly PeerScenario[] {
  return peerScenarios.filter((scenario) => names === undefined || names.includes(scenario.name))
}

function partners(
  scenario: PeerScenario,
  smoke: boolean,
  only: readonly string[] | undefined,
): readonly Peer[] {
  const fitting = smoke ? [regatta, rawUndici, ...(isInstalled(crawlee) ? [crawlee] : [])] : cast
  return fitting.filter(
    (peer) =>
      (peer.only ?? scenario.name) === scenario.name && (only === undefined || only.includes(peer.name)),
  )
}

const times = (value: number) => `${value.toFixed(1)} ×`
