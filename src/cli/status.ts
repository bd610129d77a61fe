import { relative, resolve } from 'node:path'
import { countsOf } from '../crawl/counts.ts'
import { ownerOf } from '../frontier/sqlite/lock.ts'
import { counted, formatBytes, formatCount, formatDuration } from '../observe/format.ts'
import { printable } from '../observe/render.ts'
import { type InspectedCrawl, listCrawls } from '../state/inspect.ts'
import { UsageError } from './failure.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/** `regatta status FOLDER`: how far the crawls in it are, also while they run. Only reads. */
export async function statusCommand(folder: string, { json }: { json?: true }, io: Io): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  const crawls = await listCrawls(dir)
  const owner = ownerOf(dir)
  if (crawls.length === 0) throw new UsageError(`${dir} holds no crawl.`)
  if (json) {
    const rows = crawls.map((crawl) => ({
      ...crawl,
      state: stateOf(crawl, owner?.pid),
      pid: owner?.pid ?? null,
    }))
    io.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    return exitCodes.done
  }
  for (const crawl of crawls) {
    const lines = describe(crawl, owner?.pid, io.clock.wall(), relative(io.cwd, dir) || '.')
    io.stdout.write(`${lines.map(printable).join('\n')}\n`)
  }
  return exitCodes.done
}

type State = 'running' | 'stopped' | 'finished' | 'died'

function stateOf({ record }: InspectedCrawl, pid: number | undefined): State {
  if (record?.ending === 'finished') return 'finished'
  if (record?.ending !== undefined) return 'stopped'
  return pid === undefined ? 'died' : 'running'
}

function describe(crawl: InspectedCrawl, pid: number | undefined, now: number, folder: string): string[] {
  const { name, record, counts, bytes, busiest } = crawl
  const { hosts, left, resting, dead, undelivered } = counts
  const { pages, items, failed, skipped, unchanged } = countsOf(counts.tally)
  const state = stateOf(crawl, pid)
  const says = {
    running: `running, process ${pid}`,
    stopped: record?.ending === 'limit' ? 'stopped at its limit of pages' : `stopped (${record?.ending})`,
    finished: 'finished',
    died: 'its process died',
  }
  const since = record ? `, begun ${formatDuration(now - record.startedAt)} ago, run ${record.runs}` : ''
  const lines = [
    `${name}: ${says[state]}${since}`,
    `  pages     ${formatCount(pages)}, ${counted(items, 'item')}${unchanged > 0 ? `, ${formatCount(unchanged)} unchanged` : ''}${skipped > 0 ? `, ${formatCount(skipped)} skipped` : ''}`,
    `  left      ${counted(left, 'request')} of ${counted(hosts, 'host')}${resting > 0 ? `, ${formatCount(resting)} to be visited again` : ''}`,
    `  given up  ${formatCount(failed)}${dead > 0 ? `, ${formatCount(dead)} kept: regatta dead list ${folder}` : ''}`,
    `  on disk   ${formatBytes(bytes)}${undelivered > 0 ? `, ${counted(undelivered, 'output')} on the way to ${undelivered === 1 ? 'its' : 'their'} sink` : ''}`,
  ]
  for (const { host, left } of busiest) lines.push(`            ${host}: ${counted(left, 'request')}`)
  if (state === 'stopped' || state === 'died') lines.push(`  go on     regatta resume ${folder}`)
  return lines
}
