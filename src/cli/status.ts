import { resolve } from 'node:path'
import { delay } from '../base/clock.ts'
import { counted, formatBytes, formatCount, formatDuration } from '../base/format.ts'
import { RegattaError } from '../contracts/errors.ts'
import { countsOf } from '../crawl/counts.ts'
import { endedBySource, hasFinished } from '../rules/over.ts'
import { ownerOf } from '../state/folder-lock.ts'
import { liarsIn } from '../state/known-liars.ts'
import { type InspectedCrawl, listCrawls, progressOf } from '../state/stored-crawls.ts'
import { readStoredFleet } from '../state/stored-fleet.ts'
import { regatta } from './called.ts'
import { foldersIn, noCrawlIn } from './crawl-folders.ts'
import { findCommand } from './crawl-state.ts'
import { listenForInterruption, unlessInterrupted } from './interruption.ts'
import { type ExitCode, exitCodes, type Io, isTerminal } from './io.ts'
import { markedWords } from './marked-words.ts'
import { folderWord } from './paste.ts'
import { findRecord } from './report/record-file.ts'
import { limitPhrase } from './standing.ts'
import { fleetLines, type HostStatus, hostStatus, type ProxyStatus, proxyStatus } from './status-fleet.ts'
import { printable } from './terminal/cells.ts'

export interface StatusFlags {
  readonly json?: true
  /** Again every two seconds, until a signal. */
  readonly watch?: true
}

/**
 * `regatta status FOLDER`: how far the crawls in it are, also while they run, and how their proxies and hosts fare. A
 * folder that holds folders of crawls, as `.regatta` does, is listed with a line for each. Only reads.
 */
export async function statusCommand(folder: string, flags: StatusFlags, io: Io): Promise<ExitCode> {
  const print = (text: string) => void io.stdout.write(text)
  if (!flags.watch) return tellStatus(folder, flags, io, print)
  const interruption = listenForInterruption(io)
  try {
    for (let isFirst = true; ; isFirst = false) {
      const text: string[] = []
      await tellStatus(folder, flags, io, (line) => text.push(line))
      // One write, over what stood there: nothing flickers.
      const top = isTerminal(io.stdout, io.env) ? '\u001b[H\u001b[J' : isFirst ? '' : '\n'
      print(`${top}${text.join('')}`)
      await unlessInterrupted(delay(io.clock, watchEvery, interruption.first), interruption.first)
    }
  } finally {
    interruption.end()
  }
}

const watchEvery = 2_000

async function tellStatus(
  folder: string,
  { json }: StatusFlags,
  io: Io,
  print: (text: string) => void,
): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  const found = await readFolder(dir, io)
  if (found.length > 0) {
    const now = io.clock.wall()
    print(json ? asJson(found) : found.flatMap((each) => describe(each, now, regatta(io))).join(''))
    return exitCodes.done
  }
  const folders = await foldersIn(dir)
  if (folders.length === 0) throw await noCrawlIn(dir, io.cwd, `${regatta(io)} status`)
  const all = await Promise.all(folders.map((each) => readOrFail(each, io)))
  if (json) print(asJson(all.flatMap(({ crawls }) => crawls)))
  for (const { word, crawls, failure } of all) {
    if (failure !== undefined) io.stderr.write(`${printable(`${word}  ${failure}`)}\n`)
    if (!json) for (const each of crawls) print(line(each))
  }
  return exitCodes.done
}

interface Found {
  readonly crawl: InspectedCrawl
  /** Who runs it. */
  readonly pid: number | undefined
  /** As it is typed. */
  readonly folder: string
  /** Pages at most; undefined where that is not written down. */
  readonly limit: number | undefined
  /** Labels of the proxies that were found lying. */
  readonly liars: readonly string[]
  /** The command line began it, and can go on with it. */
  readonly isOurs: boolean
  readonly proxies: readonly ProxyStatus[]
  readonly hosts: readonly HostStatus[]
  /** When the last run wrote down how its proxies and hosts fare, wall clock. */
  readonly recordedAt: number | undefined
}

async function readFolder(dir: string, { cwd, clock }: Io): Promise<Found[]> {
  const crawls = await listCrawls(dir)
  const pid = ownerOf(dir)?.pid
  const command = await findCommand(dir)
  const liars = liarsIn(dir)
  const fleet = await readStoredFleet(dir, clock)
  return Promise.all(
    crawls.map(async (crawl) => {
      const isOurs = command?.name === crawl.name
      const limit = isOurs ? (command.flags.maxPages as number | undefined) : undefined
      const record = await findRecord(dir, crawl.name)
      const run = typeof record === 'string' ? undefined : record
      const proxies = proxyStatus(fleet, run)
      const hosts = hostStatus(crawl, fleet, run)
      const recordedAt = run?.at
      return { crawl, pid, limit, liars, isOurs, folder: folderWord(dir, cwd), proxies, hosts, recordedAt }
    }),
  )
}

/** One that cannot be read does not hide the others. */
async function readOrFail(dir: string, io: Io) {
  const word = folderWord(dir, io.cwd)
  try {
    return { word, crawls: await readFolder(dir, io), failure: undefined }
  } catch (error) {
    if (!(error instanceof RegattaError)) throw error
    return { word, crawls: [], failure: `${error.message} (${error.code})` }
  }
}

function asJson(found: readonly Found[]): string {
  const rows = found.map(({ crawl, pid, folder, liars, proxies, hosts, recordedAt }) => ({
    ...crawl,
    folder,
    state: stateOf(crawl, pid),
    pid: pid ?? null,
    liars,
    hosts: hosts.slice(0, mostListed),
    moreHosts: Math.max(0, crawl.counts.hosts - Math.min(hosts.length, mostListed)),
    proxies: proxies.slice(0, mostListed),
    moreProxies: Math.max(0, proxies.length - mostListed),
    recordedAt: recordedAt ?? null,
  }))
  return `${JSON.stringify(rows, null, 2)}\n`
}

/** Rows of each kind in JSON. */
const mostListed = 1_000

type State = 'running' | 'stopped' | 'finished' | 'died'

function stateOf(crawl: InspectedCrawl, pid: number | undefined): State {
  if (hasFinished(progressOf(crawl))) return 'finished'
  if (crawl.record?.ending !== undefined) return 'stopped'
  return pid === undefined ? 'died' : 'running'
}

function line({ crawl, pid, folder }: Found): string {
  const { pages } = countsOf(crawl.counts.tally)
  const state = crawl.record?.ending === 'limit' ? 'at its limit' : stateOf(crawl, pid)
  const says = pid !== undefined && state === 'running' ? `running, process ${pid}` : state
  return `${printable(`${folder}  ${says}, ${counted(pages, 'page')}, ${counted(crawl.counts.left, 'request')} left`)}\n`
}

const mostLiars = 5

function describe(
  { crawl, pid, folder, limit, liars, isOurs, proxies, hosts: hostRows }: Found,
  now: number,
  called: string,
): string[] {
  const { name, record, counts, bytes } = crawl
  const { hosts, left, resting, dead, undelivered } = counts
  const all = countsOf(counts.tally)
  const { pages, items, failed, gone, setAside, skipped, unchanged, corrected, contested } = all
  const marked = markedWords(all)
  const state = stateOf(crawl, pid)
  const isAtLimit = record?.ending === 'limit'
  const isLimitOfSource = isOurs && endedBySource(progressOf(crawl), limit)
  const atLimit = isOurs
    ? limitPhrase(isLimitOfSource ? pages : (limit ?? pages), isLimitOfSource ? 'its source' : undefined)
    : `at its limit of ${counted(pages, 'page')}`
  const says = {
    running: `running, process ${pid}`,
    stopped: isAtLimit
      ? atLimit
      : `stopped (${undelivered > 0 ? 'a sink lacks some of it' : record?.ending})`,
    finished: 'finished',
    died: 'its process died',
  }
  const since = record ? `${formatDuration(now - record.startedAt)} ago, run ${record.runs}` : ''
  const lines = [
    `${name}: ${says[state]}${since === '' || isAtLimit ? '' : `, begun ${since}`}`,
    ...(isAtLimit ? [`  begun     ${since}`] : []),
    `  pages     ${formatCount(pages)}, ${counted(items, 'item')}${unchanged > 0 ? `, ${formatCount(unchanged)} unchanged` : ''}${skipped > 0 ? `, ${formatCount(skipped)} skipped` : ''}${corrected > 0 ? `, ${formatCount(corrected)} corrected` : ''}${contested > 0 ? `, ${formatCount(contested)} contested` : ''}`,
    `  left      ${counted(left, 'request')} of ${counted(hosts, 'host')}${resting > 0 ? `, ${formatCount(resting)} to be visited again` : ''}`,
    `  given up  ${formatCount(failed - gone)}${gone > 0 ? `, ${formatCount(gone)} not there` : ''}${setAside > 0 ? `, ${counted(setAside, 'item')} set aside` : ''}${dead > 0 ? `, ${formatCount(dead)} kept: ${called} dead list ${folder}` : ''}`,
    `  on disk   ${formatBytes(bytes)}${undelivered > 0 ? `, ${counted(undelivered, 'output')} on the way to ${undelivered === 1 ? 'its' : 'their'} sink` : ''}`,
  ]
  if (marked !== undefined) lines.push(`  marked    ${marked}`)
  if (liars.length > 0) {
    const shown = liars.slice(0, mostLiars).join(', ')
    const more = liars.length > mostLiars ? ` and ${liars.length - mostLiars} more` : ''
    lines.push(`  lies      ${counted(liars.length, 'proxy', 'proxies')}: ${shown}${more}`)
  }
  lines.push(...fleetLines(proxies, hostRows, now))
  const canGoOn = isOurs && !(isAtLimit && isLimitOfSource)
  const more = isAtLimit && limit !== undefined ? ` --max-pages ${limit * 2}` : ''
  if (canGoOn && (state === 'stopped' || state === 'died')) {
    lines.push(`  go on     ${called} resume ${folder}${more}`)
  }
  return lines.map((each) => `${printable(each)}\n`)
}
