import { resolve } from 'node:path'
import { listCrawls } from '../state/inspect.ts'
import { crawlCommand } from './crawl.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { readCommand } from './crawl-state.ts'
import { UsageError } from './failure.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/**
 * `regatta resume FOLDER`: the command that the folder was begun with, from the folder it was typed in, with what is
 * given now over it. A crawl that has finished is said to be finished; nothing begins again by accident.
 */
export async function resumeCommand(
  folder: string,
  /** Only what was typed. */
  given: Partial<CrawlFlags> & { salvage?: true },
  io: Io,
): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  const { target, cwd, flags, again } = await readCommand(dir)
  const { salvage, ...typed } = given
  const missing = again.filter((flag) => !Object.hasOwn(typed, flag.slice(2)))
  if (missing.length > 0) {
    const which = missing.join(' and ')
    throw new UsageError(
      `The crawl was begun with ${which}, which is not kept because it may be a secret. Give it again: regatta resume ${folder} ${missing[0]} …`,
    )
  }
  if (salvage) {
    const { salvageCrawls } = await import('../state/salvage.ts')
    for (const line of await salvageCrawls(dir, io.clock)) io.stderr.write(`${line}\n`)
  }
  const merged = { ...flags, ...typed, state: dir } as unknown as CrawlFlags
  const left = await unfinished(dir, merged)
  if (!left) {
    io.stderr.write('That crawl has finished. To begin again: regatta crawl with the same words.\n')
    return exitCodes.done
  }
  return crawlCommand(target, merged, { ...io, cwd })
}

/** A folder without a file in it was stopped before its first page. */
async function unfinished(dir: string, { maxPages, revisit }: CrawlFlags): Promise<boolean> {
  const crawls = await listCrawls(dir)
  if (crawls.length === 0 || revisit !== undefined) return true
  return crawls.some(({ record, counts }) => {
    if (record?.ending === 'finished') return false
    return record?.ending !== 'limit' || (counts.tally.pages ?? 0) < (maxPages ?? Number.POSITIVE_INFINITY)
  })
}
