import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { type Check, type CheckReport, checked } from '../testing/check-report.ts'
import { checkSource } from '../testing/check-source.ts'
import { checkTypes } from '../testing/check-types.ts'
import type { LiveOptions } from '../testing/live-run.ts'
import { checkLines, totalLine } from './check-lines.ts'
import { UsageError } from './command-failure.ts'
import { loadConfig } from './config-file.ts'
import { type ExitCode, exitCodes, type Io, wantsColour } from './io.ts'
import { readParams } from './params.ts'
import { readOptions } from './read-options.ts'
import { type FoundSource, findSources, pluginNames, sourceFile } from './registry.ts'
import type { Pair } from './values.ts'

/**
 * `regatta check`: all that can be known of sources before they crawl. Those that come with Regatta have their fixtures in
 * `plugins/fixtures`, a user's in `fixtures/NAME` beside the file. Nothing is fetched without `--live`.
 */
export interface CheckFlags {
  readonly param?: readonly Pair[]
  readonly update?: true
  readonly json?: true
  /** Pages; true where nobody says how many. */
  readonly live?: number | true
  readonly fixtures?: string
  readonly types?: boolean
  readonly proxies?: readonly string[]
  readonly direct?: true
  readonly config?: string | boolean
  readonly profile?: string
}

export async function checkSourcesCommand(
  named: readonly string[],
  flags: CheckFlags,
  io: Io,
): Promise<ExitCode> {
  assertFlags(named, flags)
  const live = flags.live === undefined ? undefined : await liveOptions(flags, io)
  const reports: CheckReport[] = []
  const colour = wantsColour(io.stdout, io.env)
  const tell = (report: CheckReport) => {
    reports.push(report)
    if (!flags.json) io.stdout.write(`${checkLines(report, { colour }).join('\n')}\n`)
  }
  for (const what of named.length === 0 ? pluginNames : joined(named)) {
    const file = sourceFile(what, io.cwd)
    let sources: readonly FoundSource[]
    try {
      sources = await findSources(what, io.cwd)
    } catch (error) {
      // What is not there at all is a matter of the command line.
      if (!(error instanceof RegattaError) || error.code !== 'SOURCE_INVALID') throw error
      tell(await unloadable(what, file, error, flags))
      continue
    }
    for (const found of sources) tell(await reportOf(found, flags, live, io))
  }
  if (flags.json) io.stdout.write(`${JSON.stringify(reports, null, 2)}\n`)
  else io.stdout.write(`${totalLine(reports)}\n`)
  return reports.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed
}

function assertFlags(
  named: readonly string[],
  { param = [], fixtures, proxies, direct, live }: CheckFlags,
): void {
  if (named.length === 0 && param.length > 0) {
    throw new UsageError(
      '--param is for one source: name it, as in regatta check ./my-source.ts --param start=…',
    )
  }
  if (named.length === 0 && fixtures !== undefined) {
    throw new UsageError('--fixtures is for one source: name it.')
  }
  if (live === undefined && (proxies !== undefined || direct)) {
    throw new UsageError('Nothing is fetched without --live, so --proxies and --direct mean nothing.')
  }
}

/** `./shop.ts #books` is typed as easily as `./shop.ts#books`. */
function joined(named: readonly string[]): string[] {
  const whole: string[] = []
  for (const each of named) {
    if (each.startsWith('#') && whole.length > 0) whole[whole.length - 1] += each
    else whole.push(each)
  }
  return whole
}

async function reportOf(
  { source, params: implied, file }: FoundSource,
  flags: CheckFlags,
  live: LiveOptions | undefined,
  io: Io,
): Promise<CheckReport> {
  const given = readParams(source.params, flags.param ?? [], source.name)
  const params = { ...implied, ...given }
  const own = file === undefined ? ownFixtures(source.name) : undefined
  const fixtures = flags.fixtures === undefined ? own : resolve(io.cwd, flags.fixtures)
  return checkSource(source, {
    ...(Object.keys(params).length > 0 && { params }),
    ...(file !== undefined && { file }),
    ...(fixtures !== undefined && { fixtures }),
    ...(flags.types !== false && { execPath: process.execPath }),
    ...(live && { live }),
    update: flags.update === true,
  })
}

/** In a checkout they stand beside the plugins, in the package beside `dist`. Undefined where there are none. */
function ownFixtures(name: string): string | undefined {
  const places = ['../../plugins/fixtures', '../../../plugins/fixtures'].map((path) =>
    join(fileURLToPath(new URL(path, import.meta.url)), name),
  )
  return places.find((place) => existsSync(place))
}

/** Its types are looked at all the same: they may say more. */
async function unloadable(
  what: string,
  file: string | undefined,
  error: RegattaError<'SOURCE_INVALID'>,
  { types }: CheckFlags,
): Promise<CheckReport> {
  const { stack } = error.value
  const load = checked('load', 'failed', messageOf(error).replace(/\.$/, ''), {
    more: stack?.split('\n').slice(0, 5) ?? [],
  })
  const checks: Check[] = [load]
  if (file !== undefined && types !== false)
    checks.push(await checkTypes(file, { execPath: process.execPath }))
  return { source: what, ok: false, checks }
}

/** What `regatta crawl` does where nobody says otherwise. */
const plain = { traps: true, politeness: true, logLevel: 'info' } as const

/** Throws UsageError where nothing leads out. */
async function liveOptions(flags: CheckFlags, io: Io): Promise<LiveOptions> {
  const config = await loadConfig(flags, io)
  const { proxies, direct, live } = flags
  const options: CrawlerOptions = await readOptions(
    { ...plain, ...(proxies && { proxies: [...proxies] }), ...(direct && { direct }) },
    config,
    io,
  )
  return {
    crawler: { ...options, env: { ...io.env, ...options.env } },
    ...(typeof live === 'number' && { pages: live }),
  }
}
