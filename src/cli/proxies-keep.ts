import { resolve } from 'node:path'
import { counted } from '../base/format.ts'
import type { ParseDefaults } from '../fleet/parse-proxy.ts'
import { listCrawls } from '../state/stored-crawls.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { noCrawlIn } from './crawl-folders.ts'
import { assertWritable, writeWhole } from './files.ts'
import { listenForInterruption } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { lineOf, loadAll } from './proxies.ts'
import { adviseProxies } from './report/proxy-advice.ts'
import { findRecord } from './report/record-file.ts'

export interface KeepFlags {
  /** The folder of the crawl that used them. */
  readonly after: string
  readonly out: string
  readonly proxyScheme?: NonNullable<ParseDefaults['protocol']>
  readonly quiet?: true
}

/**
 * `regatta proxies keep LIST --after FOLDER --out FILE`: the list without what a crawl has found useless. A crawl keeps
 * labels and no passwords, so the list is read again and compared by them. What was hardly asked stays.
 */
export async function keepCommand(places: readonly string[], flags: KeepFlags, io: Io): Promise<ExitCode> {
  const path = resolve(io.cwd, flags.out)
  await assertWritable(path)
  const dropped = await droppedIn(resolve(io.cwd, flags.after), io)
  const interruption = listenForInterruption(io)
  try {
    const limits = { timeout: 5_000, concurrency: 50 }
    const listed = await loadAll(places, { ...flags, ...limits }, io, interruption.first)
    const kept = listed.filter(({ endpoint }) => !dropped.has(endpoint.id))
    await writeWhole(path, kept.map((proxy) => `${lineOf(proxy)}\n`).join(''), 0o600)
    if (flags.quiet !== true) {
      const left = listed.length - kept.length
      io.stderr.write(
        `${counted(kept.length, 'proxy', 'proxies')} written to ${flags.out}, ${counted(left, 'proxy', 'proxies')} left out.\n`,
      )
    }
    return interruption.first.aborted ? exitCodes.interrupted : exitCodes.done
  } finally {
    interruption.end()
  }
}

/** Labels of those that every run that was recorded there found useless. */
async function droppedIn(dir: string, io: Io): Promise<Set<string>> {
  const crawls = await listCrawls(dir)
  if (crawls.length === 0) throw await noCrawlIn(dir, io.cwd, `${regatta(io)} proxies keep LIST --after`)
  const dropped = new Set<string>()
  const kept = new Set<string>()
  let isAny = false
  for (const { name } of crawls) {
    const record = await findRecord(dir, name)
    if (record === undefined || typeof record === 'string') continue
    isAny = true
    for (const { row, advice } of adviseProxies(record.proxies)) {
      if (advice === 'drop') dropped.add(row.proxy)
      if (advice === 'keep') kept.add(row.proxy)
    }
  }
  if (!isAny)
    throw new UsageError(
      `No run has left a report in ${dir}: there is nothing to go by. Run the crawl again.`,
    )
  return new Set([...dropped].filter((proxy) => !kept.has(proxy)))
}
