import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { crawlCommand } from './crawl.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { foldersIn, noCrawlIn } from './crawl-folders.ts'
import { missingOf, readCommand, type StoredCommand, secretParams } from './crawl-state.ts'
import { fileFrom } from './files.ts'
import type { ExitCode, Io } from './io.ts'
import { folderWord } from './paste.ts'

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
  const word = folderWord(dir, io.cwd)
  const { salvage, ...typed } = given
  if (typed.state !== undefined) {
    throw new UsageError(
      `resume takes no --state and no --no-state: its folder is where the crawl is kept. Begin another crawl with ${regatta(io)} crawl.`,
    )
  }
  const command = await commandIn(dir, io)
  assertSameCrawl(command, typed, io)
  const missing = missingOf(command, typed)
  if (missing.length > 0) {
    throw new UsageError(
      `The crawl was begun with ${missing.join(' and ')}, which is not kept because it may be a secret. Give it again: ${regatta(io)} resume ${word} ${missing.map(asTyped).join(' ')}`,
    )
  }
  if (salvage) {
    const { salvageCrawls } = await import('../state/salvage-crawls.ts')
    for (const line of await salvageCrawls(dir, io.clock)) io.stderr.write(`${line}\n`)
  }
  const { target, name, cwd } = command
  // Said anew each time; a folder that an earlier version wrote may have it. That one knew one list of proxies.
  const { quiet: _quiet, proxies, ...rest } = command.flags
  const flags = { ...rest, ...(proxies === undefined ? {} : { proxies: [proxies].flat() }) }
  const param = [...((rest.param as CrawlFlags['param']) ?? []), ...(typed.param ?? [])]
  const merged = { ...flags, ...fromHere(typed, io.cwd), param, state: dir } as unknown as CrawlFlags
  return crawlCommand(target, merged, { ...io, cwd }, { cwd: io.cwd, name })
}

/** Throws UsageError, naming the crawls in the folders of `dir` when it has none itself. */
async function commandIn(dir: string, io: Io): Promise<StoredCommand> {
  const isHere = existsSync(resolve(dir, 'command.json'))
  if (!isHere && (!existsSync(dir) || (await foldersIn(dir)).length > 0)) {
    throw await noCrawlIn(dir, io.cwd, `${regatta(io)} resume`)
  }
  return readCommand(dir)
}

/** With other params it would be another crawl. Those that were not kept must be given again. */
function assertSameCrawl(command: StoredCommand, { param = [] }: Partial<CrawlFlags>, io: Io): void {
  const secrets = secretParams(command)
  const other = param.find(([name]) => !secrets.includes(name))
  if (other === undefined) return
  throw new UsageError(
    `resume takes no --param (${other[0]}): a crawl is known by its params. Begin another crawl with ${regatta(io)} crawl.`,
  )
}

function asTyped(flag: string): string {
  return flag.startsWith('--param ') ? `${flag}=…` : `${flag} …`
}

/** Paths that are typed now start here; those that are kept start where the crawl was begun. */
function fromHere(typed: Partial<CrawlFlags>, cwd: string): Partial<CrawlFlags> {
  const { out, proxies, cache, replay, ca, config, summary, report, trace, log } = typed
  return {
    ...typed,
    ...(out && { out: out.map((to) => (to === '-' ? to : resolve(cwd, to))) }),
    ...(proxies && { proxies: proxies.map((place) => fileFrom(cwd, place)) }),
    ...(cache !== undefined && { cache: resolve(cwd, cache) }),
    ...(replay && { replay: replay.map((file) => resolve(cwd, file)) }),
    ...(ca !== undefined && { ca: resolve(cwd, ca) }),
    ...(typeof config === 'string' && { config: resolve(cwd, config) }),
    ...(summary !== undefined && { summary: resolve(cwd, summary) }),
    ...(report !== undefined && { report: resolve(cwd, report) }),
    ...(trace !== undefined && { trace: resolve(cwd, trace) }),
    ...(log !== undefined && { log: resolve(cwd, log) }),
  }
}
