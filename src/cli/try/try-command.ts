import { resolve } from 'node:path'
import { counted } from '../../base/format.ts'
import { createHttpCache } from '../../cache/http-cache.ts'
import type { HttpCache } from '../../contracts/cache.ts'
import type { CrawlOptions } from '../../contracts/crawl.ts'
import type { Crawler } from '../../face/crawler.ts'
import { createReplay } from '../../har/replay.ts'
import type { CrawlerOptions } from '../../options/options.ts'
import { mergeOptions } from '../../options/presets.ts'
import { regatta } from '../called.ts'
import { failureOf, UsageError } from '../command-failure.ts'
import { type LoadedConfig, loadConfig } from '../config-file.ts'
import { crawlerOptions } from '../crawl-flags.ts'
import { type Interruption, listenForInterruption, unlessInterrupted } from '../interruption.ts'
import { type ExitCode, exitCodes, type Io } from '../io.ts'
import { withHint } from '../next-step.ts'
import { readOptions } from '../read-options.ts'
import { type FoundSource, findSource } from '../registry.ts'
import { printable } from '../terminal/cells.ts'
import { readSavedPage, type SavedPage } from './saved-page.ts'
import { type Finding, findingOf, type Tried } from './tried.ts'
import type { TryFlags } from './try-flags.ts'
import { triedJson } from './try-json.ts'
import { openRepl } from './try-repl.ts'
import { TrySession } from './try-session.ts'
import { type PlannedTrial, pageUrl, planTrial } from './try-target.ts'
import { triedText } from './try-text.ts'
import { watchSource } from './watch-source.ts'

/**
 * `regatta try SOURCE URL`: fetches one page as a crawl would, and shows what the source makes of it. With `--watch` and
 * `--repl` the page is kept, and read again by the source as it is then.
 */
export async function tryCommand(
  what: string,
  typedUrl: string | undefined,
  flags: TryFlags,
  io: Io,
): Promise<ExitCode> {
  assertFlags(what, typedUrl, flags)
  const interruption = listenForInterruption(io)
  const run = new TryCommand(what, flags, io, interruption)
  try {
    const tried = await run.begin(typedUrl === undefined ? undefined : pageUrl(typedUrl))
    if (flags.repl) return codes[findingOf(await run.repl(tried))]
    if (flags.watch) await run.watch()
    return codes[findingOf(tried)]
  } finally {
    interruption.end()
    await run.close()
  }
}

/** A page that gave something that fits; nothing, or something that does not fit; a page that was not had, or not read. */
const codes: Readonly<Record<Finding, ExitCode>> = {
  found: exitCodes.done,
  nothing: exitCodes.incomplete,
  'set-aside': exitCodes.incomplete,
  failed: exitCodes.failed,
}

/** How long one page may take, where nobody says. */
const patience = 60_000

function assertFlags(what: string, url: string | undefined, flags: TryFlags): void {
  const { repl, watch, json, proxies = [] } = flags
  if (repl && watch)
    throw new UsageError('Give --repl or --watch, not both; in the REPL, reparse() reads the page again.')
  if (repl && json) throw new UsageError('Give --repl or --json, not both.')
  if (repl && proxies.includes('-'))
    throw new UsageError('--repl reads standard input, so --proxies - cannot.')
  if (/^https?:/i.test(what) && url !== undefined) {
    throw new UsageError(
      'Give one URL; or a source and a URL: regatta try ./my-source.ts https://example.com/',
    )
  }
}

class TryCommand {
  readonly #what: string
  readonly #flags: TryFlags
  readonly #io: Io
  readonly #interruption: Interruption
  readonly #files = new Set<string>()
  #version = 0
  #url: string | undefined
  #saved: SavedPage | undefined
  #cache: HttpCache | undefined
  #crawler: Crawler | undefined
  #session: TrySession | undefined
  #found: FoundSource | undefined

  constructor(what: string, flags: TryFlags, io: Io, interruption: Interruption) {
    this.#what = what
    this.#flags = flags
    this.#io = io
    this.#interruption = interruption
  }

  async begin(url: string | undefined): Promise<Tried> {
    const { from, watch } = this.#flags
    const { cwd } = this.#io
    const config = await loadConfig(this.#flags, this.#io)
    // Is there a way out? Asked before anything is read.
    if (from === undefined) crawlerOptions(this.#flags, this.#io.env, undefined, config)
    this.#found = await this.#load()
    if (watch && this.#found.file === undefined)
      throw new UsageError('--watch needs a source in a file: regatta try ./my-source.ts URL --watch.')
    const named = url ?? (this.#found.params.start as string | undefined)
    if (from !== undefined) {
      this.#saved = await readSavedPage(resolve(cwd, from), from, named)
      if (this.#saved.note !== undefined) this.#note(this.#saved.note)
    }
    this.#url = named ?? this.#saved?.page.url
    const trial = await this.#plan(this.#found, this.#url)
    for (const note of trial.notes) this.#note(note)
    this.#session = await this.#open(config)
    return this.#show(await this.#unlessStopped(this.#session.fetch(trial)))
  }

  async watch(): Promise<void> {
    await watchSource({
      entry: this.#found!.file!,
      files: this.#files,
      clock: this.#io.clock,
      signal: this.#interruption.first,
      waiting: (count) => this.#note(`Watching ${counted(count, 'file')}; Ctrl-C ends it.`),
      changed: async (path) => {
        this.#note(`\n${path} has changed.`)
        await this.#again().catch((error: unknown) => this.#tellFailure(error))
      },
    })
  }

  repl(tried: Tried): Promise<Tried> {
    return openRepl({
      io: this.#io,
      tried,
      source: () => this.#found!.source,
      reparse: () => this.#again(),
      fetch: async (typed) => {
        const url = pageUrl(typed)
        const trial = await this.#plan(this.#found!, url)
        this.#url = url
        return this.#show(await this.#session!.fetch(trial))
      },
      fail: (error) => this.#tellFailure(error),
    })
  }

  async close(): Promise<void> {
    await this.#crawler?.stop()
    await this.#cache?.close()
  }

  /** The kept page, by the source as it is now. */
  async #again(): Promise<Tried> {
    const found = await this.#load()
    const trial = await this.#plan(found, this.#url)
    this.#found = found
    return this.#show(await this.#session!.again(trial))
  }

  #load(): Promise<FoundSource> {
    const { repl, watch } = this.#flags
    const reload = repl || watch ? { version: ++this.#version, files: this.#files } : undefined
    return findSource(this.#what, this.#io.cwd, reload)
  }

  #plan(found: FoundSource, url: string | undefined): Promise<PlannedTrial> {
    const { param = [], label, data } = this.#flags
    return planTrial(found, { url, param, label, data }, this.#io.cwd)
  }

  async #open(config: LoadedConfig): Promise<TrySession> {
    const { block, traps, cache, from, keepTrying } = this.#flags
    const { cwd, clock } = this.#io
    const { createCrawler } = await import('../../face/crawler.ts')
    const given = await this.#crawlerOptions(config)
    if (cache !== undefined) this.#cache = await createHttpCache({ to: resolve(cwd, cache) })
    this.#crawler = await this.#unlessStopped(createCrawler(given))
    this.#crawler.on('alert', (alert) =>
      this.#note(`regatta: ${withHint(alert, regatta(this.#io))} (${alert.code})`),
    )
    const options: CrawlOptions = {
      ...(block && { block }),
      ...(traps === false && { traps }),
      keepTrying: keepTrying === true,
    }
    const savedAs = from
    return new TrySession({
      crawler: this.#crawler,
      options,
      file: this.#cache,
      savedAs,
      wall: () => clock.wall(),
    })
  }

  async #crawlerOptions(config: LoadedConfig): Promise<CrawlerOptions> {
    const own: CrawlerOptions = { explain: { sample: 1 } }
    if (this.#saved) {
      const transport = createReplay([this.#saved.archive])
      return {
        ...own,
        direct: true,
        env: {},
        politeness: false,
        trust: 'blind',
        transport,
        deadline: patience,
      }
    }
    const given = await readOptions(this.#flags, config, this.#io)
    return mergeOptions({ deadline: patience, ...given }, own)
  }

  async #unlessStopped<T>(promise: Promise<T>): Promise<T> {
    return unlessInterrupted(promise, this.#interruption.first, () => void this.#crawler?.stop())
  }

  #show(tried: Tried): Tried {
    const { cwd, stdout } = this.#io
    const lines = this.#flags.json
      ? JSON.stringify(triedJson(tried), null, 2).split('\n')
      : triedText(tried, { width: stdout.columns || 100, cwd }).map(printable)
    stdout.write(`${lines.join('\n')}\n`)
    return tried
  }

  #note(line: string): void {
    this.#io.stderr.write(`${line.startsWith('\n') ? '\n' : ''}${printable(line.trimStart())}\n`)
  }

  #tellFailure(error: unknown): void {
    const { text } = failureOf(error)
    if (text !== '') this.#io.stderr.write(`${text}\n`)
  }
}
