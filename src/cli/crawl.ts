import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { HttpCache } from '../cache/http-cache.ts'
import type { Crawl, Crawler, CrawlOptions, CrawlSummary } from '../crawler.ts'
import { RegattaError } from '../errors.ts'
import { counted } from '../observe/format.ts'
import { printable, renderSummary } from '../observe/render.ts'
import type { CrawlerOptions } from '../options.ts'
import type { Sink } from '../sink/sink.ts'
import type { FoundSource } from '../source/registry.ts'
import { parseParams } from '../source/schema.ts'
import { type CrawlFlags, crawlerOptions } from './crawl-flags.ts'
import { placeOf, type StatePlace, writeCommand } from './crawl-state.ts'
import { failureOf, Interrupted, UsageError } from './failure.ts'
import { assertWritable, readPem, writeWhole } from './files.ts'
import { followCrawl } from './follow.ts'
import { type Interruption, listenForInterruption, unlessInterrupted } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { sinkFor } from './out.ts'
import { describeParams, readParams } from './params.ts'
import { type Ending, summarySoFar, summaryText } from './summary.ts'

/**
 * `regatta crawl`: everything that can be wrong with the command line is found first, then the crawler is built, the
 * crawl is followed, and the totals are told. Whatever happens, the summary file is written and the crawler is closed.
 */
export async function crawlCommand(target: string, flags: CrawlFlags, io: Io): Promise<ExitCode> {
  const interruption = listenForInterruption(io)
  const run = new CrawlCommand(flags, io, interruption)
  try {
    const summary = await run.perform(target)
    if (flags.quiet !== true) for (const line of renderSummary(summary)) io.stderr.write(`${line}\n`)
    tellDeadLetters(summary, run.stateFolder, io)
    run.tellHowToGoOn(summary)
    const interrupted = interruption.first.aborted
    await run.writeSummary(summary, interrupted ? 'interrupted' : 'done')
    if (interrupted) return exitCodes.interrupted
    if (summary.pages > 0) return exitCodes.done
    throw nothingFetched(summary)
  } catch (error) {
    const { exitCode } = failureOf(error)
    if (exitCode !== exitCodes.usage) {
      await run.writeLastSummary(error)
      run.tellHowToGoOn()
    }
    throw error
  } finally {
    interruption.end()
    await run.close()
  }
}

class CrawlCommand {
  readonly #flags: CrawlFlags
  readonly #io: Io
  readonly #interruption: Interruption
  #crawler: Crawler | undefined
  #crawl: Crawl<unknown> | undefined
  #detachLog: (() => void) | undefined
  #endTrace: (() => void) | undefined
  #cache: HttpCache | undefined
  #state: StatePlace | undefined
  /** Whether the summary can be written and was not yet. */
  #summaryDue = false

  constructor(flags: CrawlFlags, io: Io, interruption: Interruption) {
    this.#flags = flags
    this.#io = io
    this.#interruption = interruption
  }

  async perform(target: string): Promise<CrawlSummary> {
    const { out, summary, maxPages, quiet, param } = this.#flags
    const { cwd, env } = this.#io
    crawlerOptions(this.#flags, env) // is there a way out? Asked before anything is read
    if (summary !== undefined) {
      await assertWritable(resolve(cwd, summary))
      this.#summaryDue = true
    }
    const { findSource } = await import('../source/registry.ts')
    const found = await findSource(target, cwd)
    const params = paramsOf(found, param ?? [])
    const parsed = parseParams(found.source, params)
    const state = placeOf(target, found, parsed, this.#flags, cwd)
    const options = { ...(await this.#crawlerOptions()), ...(state && { state: state.dir }) }
    const warn = (line: string) => this.#io.stderr.write(`${printable(`regatta: ${line}`)}\n`)
    const note = (line: string) => {
      if (quiet !== true) this.#io.stderr.write(`${line}\n`)
    }
    const schemas = { [found.source.name]: found.source.item }
    const sinks: Sink[] = (out ?? []).map((to) => sinkFor(to, this.#io, { note, warn, schemas }))
    const crawler = await this.#open(options)
    if (state) {
      await writeCommand(state.dir, { target, name: state.name, flags: this.#flags, cwd })
      this.#state = state
    }
    const crawlOptions = { sinks, ...(await this.#crawlOptions()), ...(state && { name: state.name }) }
    this.#crawl = crawler.crawl(found.source, params, crawlOptions)
    return followCrawl({
      crawler,
      crawl: this.#crawl,
      io: this.#io,
      interruption: this.#interruption,
      quiet: quiet === true,
      ...(maxPages === undefined ? {} : { maxPages }),
    })
  }

  async #crawlOptions(): Promise<CrawlOptions> {
    const { maxPages, maxDepth, maxPerHost, block, traps, revisit, forever, fresh, cache } = this.#flags
    if (forever && revisit === undefined) throw new UsageError('--forever needs --revisit TIME.')
    if (cache !== undefined) {
      const { createHttpCache } = await import('../cache/http-cache.ts')
      this.#cache = await createHttpCache({ to: resolve(this.#io.cwd, cache) })
    }
    return {
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(maxDepth === undefined ? {} : { maxDepth }),
      ...(maxPerHost === undefined ? {} : { maxPerHost }),
      ...(block === undefined ? {} : { block }),
      ...(traps ? {} : { traps: false }),
      ...(revisit === undefined ? {} : { revisit: { after: revisit, forever: forever === true } }),
      ...(fresh === undefined ? {} : { fresh }),
      ...(this.#cache && { cache: this.#cache }),
    }
  }

  async #crawlerOptions(): Promise<CrawlerOptions> {
    const { ca, proxies } = this.#flags
    const { env, cwd, stdin } = this.#io
    const pem = ca === undefined ? undefined : await readPem(resolve(cwd, ca))
    const given = crawlerOptions(this.#flags, env, pem)
    // A file is named from where the command was typed.
    const path = typeof given.proxies === 'string' ? resolve(cwd, given.proxies) : ''
    const options = existsSync(path) ? { ...given, proxies: path } : given
    if (proxies !== '-') return options
    const { stdinProvider } = await import('../fleet/stdin.ts')
    return { ...options, proxies: stdinProvider(stdin) }
  }

  async #open(options: CrawlerOptions): Promise<Crawler> {
    const { createCrawler } = await import('../crawler.ts')
    const close = (crawler: Crawler) => void crawler.stop()
    const crawler = await unlessInterrupted(createCrawler(options), this.#interruption.first, close)
    this.#crawler = crawler
    await this.#attachLog(crawler)
    await this.#attachTrace(crawler, options)
    return crawler
  }

  async #attachLog(crawler: Crawler): Promise<void> {
    const { log, logLevel } = this.#flags
    if (log === undefined) return
    const path = resolve(this.#io.cwd, log)
    await assertWritable(path)
    const { attachLog, createLog } = await import('../observe/log.ts')
    const logger = createLog({ level: logLevel, destination: path })
    logger.info({ seed: crawler.seed }, `seed ${crawler.seed}`)
    this.#detachLog = attachLog(crawler, logger, { clock: this.#io.clock })
  }

  /** A trace that cannot be written any more is told, and ends; pages are worth more than their history. */
  async #attachTrace(crawler: Crawler, options: CrawlerOptions): Promise<void> {
    const { trace } = this.#flags
    if (trace === undefined) return
    const { attachTrace } = await import('../observe/trace.ts')
    const { openTraceFile } = await import('./trace-file.ts')
    const { clock, cwd, stderr } = this.#io
    const file = openTraceFile(resolve(cwd, trace), clock, ({ message }) => {
      stderr.write(`${printable(`regatta: ${message} The trace ends there, the crawl goes on.`)}\n`)
    })
    const detach = attachTrace(crawler, clock, (line) => file.write(line), options)
    this.#endTrace = () => {
      detach()
      file.close()
    }
  }

  async writeSummary(summary: CrawlSummary, ending: Ending, error?: unknown): Promise<void> {
    if (this.#flags.summary === undefined || !this.#summaryDue) return
    this.#summaryDue = false
    await writeWhole(resolve(this.#io.cwd, this.#flags.summary), summaryText(summary, ending, error))
  }

  /** For a crawl that did not end well. What goes wrong here must not hide what went wrong there. */
  async writeLastSummary(error: unknown): Promise<void> {
    const summary = summarySoFar(this.#crawl?.progress(), this.#crawler?.stats())
    const { exitCode } = failureOf(error)
    const ending = error instanceof Interrupted ? 'interrupted' : exitCode === 0 ? 'done' : 'failed'
    await this.writeSummary(summary, ending, ending === 'failed' ? error : undefined).catch(
      (failure: unknown) => this.#io.stderr.write(`${failureOf(failure).text}\n`),
    )
  }

  async close(): Promise<void> {
    this.#detachLog?.()
    await this.#crawler?.stop()
    await this.#cache?.close()
    this.#endTrace?.()
  }

  /** As it is typed from here; undefined when nothing is kept. */
  get stateFolder(): string | undefined {
    return this.#state && (relative(this.#io.cwd, this.#state.dir) || '.')
  }

  /** For a crawl that was stopped, or, without a summary, one that failed. */
  tellHowToGoOn(summary?: CrawlSummary): void {
    const folder = this.stateFolder
    if (folder === undefined || this.#flags.quiet) return
    if (summary && (summary.ending === 'finished' || summary.queued === 0)) return
    const left = summary
      ? `${counted(summary.queued, 'request')} left; go on`
      : 'What was done is kept; go on'
    this.#io.stderr.write(`${left} with: regatta resume ${folder}\n`)
  }
}

/** What the name implies, with the user's own over it. Throws what is wrong before anything is started. */
function paramsOf({ source, params }: FoundSource, pairs: NonNullable<CrawlFlags['param']>) {
  const given: Record<string, unknown> = { ...params, ...readParams(source.params, pairs, source.name) }
  for (const { name, required, type } of describeParams(source.params)) {
    if (!required || Object.hasOwn(given, name)) continue
    throw new UsageError(`Source "${source.name}" needs the param "${name}" (${type}): --param ${name}=…`)
  }
  parseParams(source, given)
  return given
}

const shownDeadLetters = 5

/** Pages that were given up are news, quiet or not. */
function tellDeadLetters(summary: CrawlSummary, state: string | undefined, io: Io): void {
  const { deadLetters, failed, earlier } = summary
  if (failed === (earlier?.failed ?? 0)) return
  for (const { url, code, detail } of deadLetters.slice(0, shownDeadLetters)) {
    io.stderr.write(`${printable(`regatta: gave up ${url}: ${detail} (${code})`)}\n`)
  }
  const more = Math.max(failed, deadLetters.length) - Math.min(deadLetters.length, shownDeadLetters)
  const where = state === undefined ? '--log FILE keeps' : `regatta dead list ${state} shows`
  if (more > 0) io.stderr.write(`regatta: … and ${more} more; ${where} them all.\n`)
}

function nothingFetched({ failed }: CrawlSummary): RegattaError {
  return new RegattaError(
    'TASK_FAILED',
    failed > 0
      ? 'Not one page could be fetched.'
      : 'Nothing was fetched: the source named no page, or robots.txt allows none of them.',
  )
}
