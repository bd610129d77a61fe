import { resolve } from 'node:path'
import { listCrawls } from '../state/inspect.ts'
import { crawlCommand } from './crawl.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { missingOf, readCommand } from './crawl-state.ts'
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
  const command = await readCommand(dir)
  const { target, name, cwd, flags } = command
  const { salvage, ...typed } = given
  const missing = missingOf(command, typed)
  if (missing.length > 0) {
    throw new UsageError(
      `The crawl was begun with ${missing.join(' and ')}, which is not kept because it may be a secret. Give it again: regatta resume ${folder} ${missing[0]} …`,
    )
  }
  if (salvage) {
    const { salvageCrawls } = await import('../state/salvage.ts')
    for (const line of await salvageCrawls(dir, io.clock)) io.stderr.write(`${line}\n`)
  }
  const param = [...((flags.param as CrawlFlags['param']) ?? []), ...(typed.param ?? [])]
  const merged = { ...flags, ...typed, param, state: dir } as unknown as CrawlFlags
  if (!merged.fresh && (await hasFinished(dir, name, merged))) {
    io.stderr.write(
      'That crawl has finished. To begin again: regatta crawl with the same words, or --fresh.\n',
    )
    return exitCodes.done
  }
  return crawlCommand(target, merged, { ...io, cwd })
}

/** Not when it was stopped before its first page: then there is no file of it yet. */
async function hasFinished(dir: string, name: string, { maxPages, revisit }: CrawlFlags): Promise<boolean> {
  const crawl = (await listCrawls(dir)).find((each) => each.name === name)
  if (!crawl || (revisit !== undefined && crawl.counts.resting > 0)) return false
  const { record, counts } = crawl
  if (record?.ending === 'finished') return counts.left === 0
  return record?.ending === 'limit' && (counts.tally.pages ?? 0) >= (maxPages ?? Number.POSITIVE_INFINITY)
}
