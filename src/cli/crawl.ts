import { resolve } from 'node:path'
import type { HttpCache } from '../cache/http-cache.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Sink } from '../contracts/sink.ts'
import type { Dashboard } from '../dashboard/serve-dashboard.ts'
import type { Crawl, Crawler, CrawlOptions, CrawlSummary } from '../face/crawler.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { isForKinds } from '../sink/kind-files.ts'
import { sinkFailed } from '../sink/sink-failure.ts'
import { kindsOf } from '../source/item-schemas.ts'
import {
  howToGoOn,
  howToGoOnAfterFailure,
  type Kept,
  lossesOf,
  nothingFetched,
  tellDeadLetters,
} from './after-crawl.ts'
import { regatta } from './called.ts'
import { failureOf, Interrupted, UsageError } from './command-failure.ts'
import { type LoadedConfig, loadConfig } from './config-file.ts'
import { type CrawlFlags, crawlerOptions } from './crawl-flags.ts'
import { type CrawlPlan, keptOf, planCrawl, type Resumed, whyNotToGoOn } from './crawl-plan.ts'
import { findCommand, type StatePlace, writeCommand } from './crawl-state.ts'
import { assertDashboardFlags, openLiveDashboard, stayOpen } from './dashboard-of-crawl.ts'
import {
  type Checked,
  checkExpectations,
  type Expectation,
  expectLines,
  parseExpectations,
} from './expect.ts'
import { assertAppendable, assertWritable, writeWhole } from './files.ts'
import { type Followed, followCrawl } from './follow.ts'
import { type HarOutput, openHarOutput } from './har-output.ts'
import { type Interruption, listenForInterruption, unlessInterrupted } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { type MetricsEndpoint, openMetrics } from './metrics-endpoint.ts'
import { nextStep } from './next-step.ts'
import { openBridge } from './open-bridge.ts'
import { beginAnew, filesOf, noticeOf, sinkFor } from './out.ts'
import { folderWord } from './paste.ts'
import type { Price } from './price.ts'
import { readOptions } from './read-options.ts'
import { renderSummary } from './render-summary.ts'
import { reportLines, shortened } from './report/report-text.ts'
import { RunReport } from './report/run-report.ts'
import { nothingKept, type Standing, sentenceOf, standingOf, type Terms } from './standing.ts'
import { summarySoFar, summaryText } from './summary.ts'
import { printable } from './terminal/cells.ts'
import { tellSdk } from './told-sdk.ts'
import { assertTrialFlags, isTrial, openReplay } from './trial.ts'
import { wrongScheme } from './wrong-scheme.ts'

/**
 * `regatta crawl`: everything that can be wrong with the command line is found first, then the crawler is built, the
 * crawl is followed, and the totals are told. Whatever happens, the summary file is written and the crawler is closed.
 */
export async function crawlCommand(
  target: string,
  typed: CrawlFlags,
  io: Io,
  resumed?: Resumed,
): Promise<ExitCode> {
  const config = await loadConfig(typed, io)
  const flags = withStateOf(config, typed)
  const interruption = listenForInterruption(io)
  const run = new CrawlCommand({ config, flags, io, interruption, resumed })
  try {
    const plan = await run.prepare(target)
    const ended = resumed && !flags.fresh ? await whyNotToGoOn(plan, { ...io, cwd: resumed.cwd }) : undefined
    if (ended !== undefined) {
      if (flags.quiet !== true) io.stderr.write(ended)
      return exitCodes.done
    }
    const { summary, told } = await run.perform(plan)
    await run.writeRecording(target)
    run.tellSummary(summary)
    tellDeadLetters(summary, told, run.kept, io)
    run.tellNextStep(summary)
    run.tellHowToGoOn(summary)
    const isAsExpected = run.tellExpected(summary)
    const interrupted = interruption.first.aborted
    await run.writeSummary(summary)
    if (interrupted) return exitCodes.interrupted
    if (summary.pages === 0) throw nothingFetched(summary)
    if (!isAsExpected) return exitCodes.unexpected
    return run.isComplete(summary) ? exitCodes.done : exitCodes.incomplete
  } catch (error) {
    const { exitCode } = failureOf(error)
    await run.writeRecording(target).catch(() => {})
    if (exitCode !== exitCodes.usage) {
      await run.writeLastSummary(error)
      if (error instanceof RegattaError && error.code === 'NO_PROXY_ANSWERS') await run.tellWrongScheme()
      run.tellHowToGoOn()
    }
    throw error
  } finally {
    await run.stay()
    interruption.end()
    await run.close()
  }
}

/** What a gigabyte costs over any proxy, where that is all that is known. */
function priceForReport(prices: CrawlFlags['price']): Price | undefined {
  const [only, ...others] = [prices ?? []].flat()
  return only?.per === 'month' || only?.per === 'request' || only?.proxies || others.length > 0
    ? undefined
    : only
}

/** The folder of the state has to be known before anything else. */
function withStateOf({ file, profile }: LoadedConfig, flags: CrawlFlags): CrawlFlags {
  // A trial must not go on with the crawl it is a trial of.
  if (isTrial(flags)) return { ...flags, state: flags.state ?? false }
  const state = flags.state ?? profile.state ?? file.state
  return state === undefined ? flags : { ...flags, state }
}

interface CrawlCommandParts {
  readonly config: LoadedConfig
  readonly flags: CrawlFlags
  readonly io: Io
  readonly interruption: Interruption
  readonly resumed: Resumed | undefined
}

class CrawlCommand {
  readonly #config: LoadedConfig
  readonly #flags: CrawlFlags
  readonly #io: Io
  readonly #interruption: Interruption
  readonly #resumed: Resumed | undefined
  #crawler: Crawler | undefined
  #crawl: Crawl<unknown> | undefined
  #detachLog: (() => void) | undefined
  #endTrace: (() => void) | undefined
  #closeBridge: (() => Promise<void>) | undefined
  #metrics: MetricsEndpoint | undefined
  #endTelling: (() => void) | undefined
  #dashboard: Dashboard | undefined
  #cache: HttpCache | undefined
  #har: HarOutput | undefined
  #kept: Kept | undefined
  #report: RunReport | undefined
  #toldHowToGoOn = false
  #isStandingKnown = true
  #expectations: readonly Expectation[] = []
  /** What became of them; undefined until they are checked. */
  #checked: readonly Checked[] | undefined
  /** Whether the summary can be written and was not yet. */
  #summaryDue = false

  constructor({ config, flags, io, interruption, resumed }: CrawlCommandParts) {
    this.#config = config
    this.#flags = flags
    this.#io = io
    this.#interruption = interruption
    this.#resumed = resumed
  }

  /** Where pages were given up and nothing came, what may help. */
  tellNextStep({ pages, deadLetters }: CrawlSummary): void {
    const step = pages > 0 ? undefined : nextStep(deadLetters, this.#flags.direct === true)
    if (step !== undefined) this.#io.stderr.write(`${printable(step)}\n`)
  }

  /** Why no proxy answers, where that is how they are spoken to. */
  async tellWrongScheme(): Promise<void> {
    const labels = this.#crawler?.proxies().map(({ id }) => id) ?? []
    const sentence = await wrongScheme(labels, this.#io.clock)
    if (sentence !== undefined) this.#io.stderr.write(`${printable(`regatta: ${sentence}`)}\n`)
  }

  /** Finds what is wrong with the command line. */
  async prepare(target: string): Promise<CrawlPlan> {
    const { summary, revisit, forever } = this.#flags
    const { cwd, env } = this.#io
    if (this.#flags.overwrite && this.#flags.append) {
      throw new UsageError('Give --overwrite or --append, not both.')
    }
    if (forever && revisit === undefined) throw new UsageError('--forever needs --revisit TIME.')
    this.#expectations = parseExpectations(this.#flags.expect ?? [])
    assertDashboardFlags(this.#flags)
    assertTrialFlags(this.#flags, cwd)
    this.#har = await openHarOutput(this.#flags, this.#io)
    crawlerOptions(this.#flags, env, undefined, this.#config) // is there a way out? Asked before anything is read
    const { metrics, quiet } = this.#flags
    if (metrics) this.#metrics = await openMetrics(metrics, { ...this.#io, isQuiet: quiet === true })
    if (this.#flags.report !== undefined) await assertWritable(resolve(cwd, this.#flags.report))
    if (summary !== undefined) {
      await assertWritable(resolve(cwd, summary))
      this.#summaryDue = true
    }
    return planCrawl(target, this.#flags, this.#io, this.#resumed)
  }

  async perform(plan: CrawlPlan): Promise<Followed> {
    const { out = [], maxPages, maxDuration, quiet, verbose } = this.#flags
    const { cwd } = this.#io
    const { target, source, params, place, terms } = plan
    const given = await readOptions(this.#flags, this.#config, this.#io, plan.variables)
    const options = { ...given, ...(await this.#places()), ...(place && { state: place.dir }) }
    const warn = (line: string) => this.#io.stderr.write(`${printable(`regatta: ${line}`)}\n`)
    const note = (line: string) => {
      if (quiet !== true) this.#io.stderr.write(`${printable(line)}\n`)
    }
    const schemas = { [source.name]: source.item }
    const kinds = kindsOf(source)
    const sinks: Sink[] = out.map((to) => sinkFor(to, this.#io, { note, warn, schemas, kinds }))
    // Asked before the command is written down, so that resume does not repeat a mistake.
    for (const to of out) if (to !== '-' && !isForKinds(to)) await assertAppendable(resolve(cwd, to))
    const crawler = await this.#open(options)
    this.#report = this.#openReport(crawler, plan)
    const standing = place ? await this.#standing(place, terms) : nothingKept
    const told = [sentenceOf(standing, terms), ...(await this.#prepareOutputs(place, standing, kinds))]
    for (const line of told) if (line !== undefined) note(line)
    if (place) {
      this.#kept = keptOf(plan, standing, this.#shell)
      await writeCommand(place.dir, { target, name: place.name, flags: this.#flags, cwd })
    }
    const crawlOptions = { sinks, ...this.#crawlOptions(), ...(place && { name: place.name }) }
    this.#crawl = crawler.crawl(source, params, crawlOptions)
    this.#report?.follow(this.#crawl)
    return followCrawl({
      crawler,
      crawl: this.#crawl,
      io: this.#io,
      interruption: this.#interruption,
      quiet: quiet === true,
      verbose: verbose === true,
      ledger: this.#report?.ledger,
      ...(Number.isFinite(terms.limit) && maxPages !== undefined ? { maxPages: terms.limit } : {}),
      ...(maxDuration === undefined ? {} : { maxDuration }),
    })
  }

  /** Undefined when nobody would ever see it. */
  #openReport(crawler: Crawler, { source, target, place }: CrawlPlan): RunReport | undefined {
    const { quiet, report, price } = this.#flags
    if (quiet === true && report === undefined && place === undefined) return undefined
    const shell = this.#shell
    return new RunReport({
      crawler,
      clock: this.#io.clock,
      source: source.name,
      target,
      price: priceForReport(price),
      called: regatta(shell),
      place: place && { ...place, folder: folderWord(place.dir, shell.cwd) },
      warn: (line) => this.#io.stderr.write(`${printable(`regatta: ${line}`)}\n`),
    })
  }

  /** Asked by the owner of the folder: a process that is refused must not speak of what it will do. */
  async #standing({ dir, name }: StatePlace, terms: Terms): Promise<Standing> {
    if (this.#flags.fresh) return nothingKept
    // What cannot be read is told when the crawl is opened; until then its outputs stay as they are.
    return standingOf(dir, name, terms).catch(() => {
      this.#isStandingKnown = false
      return nothingKept
    })
  }

  /** Begins the outputs anew, or says what they hold already where that needs a word. */
  async #prepareOutputs(
    state: StatePlace | undefined,
    { kind }: Standing,
    kinds: readonly string[],
  ): Promise<readonly (string | undefined)[]> {
    const { cwd } = this.#io
    const { out = [], overwrite, append } = this.#flags
    const before = state && kind !== 'new' ? await findCommand(state.dir) : undefined
    const paths = (before?.flags.out ?? []) as readonly string[]
    const files = paths.flatMap((path) => filesOf(path, kinds))
    const own = new Set(files.map((path) => resolve(before?.cwd ?? cwd, path)))
    const role = kind === 'finished' ? 'last-round' : 'continued'
    const notices: (string | undefined)[] = []
    for (const to of out.flatMap((each) => filesOf(each, kinds))) {
      const notice = noticeOf(to, cwd, own.has(resolve(cwd, to)) ? role : undefined)
      if (notice === undefined || append) continue
      if (overwrite && this.#isStandingKnown) notices.push(await beginAnew(to, cwd))
      else notices.push(`${notice} --overwrite begins it anew.`)
    }
    return notices
  }

  /** Where answers come from and go to besides the network. */
  async #places(): Promise<CrawlerOptions> {
    const { cache, replay } = this.#flags
    if (cache !== undefined) {
      const { createHttpCache } = await import('../cache/http-cache.ts')
      this.#cache = await createHttpCache({ to: resolve(this.#io.cwd, cache) })
    }
    return {
      ...(this.#cache && { cache: this.#cache }),
      ...(replay && { transport: await openReplay(this.#flags, this.#io) }),
      ...(this.#har && { record: this.#har.keep }),
    }
  }

  #crawlOptions(): CrawlOptions {
    const { maxPages, maxDepth, maxPerHost, block, traps, revisit, forever, fresh, contested, keepTrying } =
      this.#flags
    return {
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(maxDepth === undefined ? {} : { maxDepth }),
      ...(maxPerHost === undefined ? {} : { maxPerHost }),
      ...(block === undefined ? {} : { block }),
      ...(traps ? {} : { traps: false }),
      ...(revisit === undefined ? {} : { revisit: { after: revisit, forever: forever === true } }),
      ...(fresh === undefined ? {} : { fresh }),
      ...(contested === undefined ? {} : { contested }),
      keepTrying: keepTrying === true,
      ...this.#input(),
    }
  }

  /** What is piped in, unless it is the list of proxies. A terminal is no pipe. */
  #input(): Pick<CrawlOptions, 'input'> {
    const { stdin } = this.#io
    const isTerminal = (stdin as { readonly isTTY?: boolean }).isTTY === true
    return isTerminal || this.#flags.proxies?.includes('-') ? {} : { input: stdin }
  }

  async #open(options: CrawlerOptions): Promise<Crawler> {
    const { createCrawler } = await import('../face/crawler.ts')
    const close = (crawler: Crawler) => void crawler.stop()
    const crawler = await unlessInterrupted(createCrawler(options), this.#interruption.first, close)
    this.#crawler = crawler
    this.#har?.follow(crawler)
    this.#metrics?.attach(crawler)
    this.#endTelling = await tellSdk(crawler)
    await this.#attachLog(crawler)
    await this.#attachTrace(crawler, options)
    const { inspect } = this.#flags
    if (inspect !== undefined) this.#closeBridge = await openBridge(crawler, inspect, this.#io)
    this.#dashboard = await openLiveDashboard(crawler, this.#flags, this.#io)
    return crawler
  }

  async #attachLog(crawler: Crawler): Promise<void> {
    const { log, logLevel, logName: name } = this.#flags
    const { stderr } = this.#io
    if (log === undefined) return
    const path = resolve(this.#io.cwd, log)
    await assertWritable(path)
    const { attachLog, createLog } = await import('../observe/log.ts')
    const onFailed = (error: Error) => {
      const { message } = sinkFailed(path, error)
      stderr.write(`${printable(`regatta: ${message} Lines of the log are missing, the crawl goes on.`)}\n`)
    }
    const logger = createLog({ level: logLevel, destination: path, name, onFailed })
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

  /** What it did and what is worth knowing, in a dozen lines; all of it with `--verbose`. */
  tellSummary(summary: CrawlSummary): void {
    const isVerbose = this.#flags.verbose === true
    if (this.#flags.quiet === true) return
    const more = this.#report ? reportLines(this.#report.recordOf(summary), isVerbose) : []
    const [totals, leftOut] = renderSummary(summary)
    for (const line of shortened([...totals, ...more, ...leftOut], isVerbose)) {
      this.#io.stderr.write(`${printable(line)}\n`)
    }
  }

  /** Says of each expectation whether it was kept, the missed ones in any case. Whether all were. */
  tellExpected(summary: CrawlSummary): boolean {
    if (this.#checked !== undefined) return this.#checked.every(({ kept }) => kept)
    this.#checked = checkExpectations(this.#expectations, summary)
    for (const line of expectLines(this.#checked)) {
      if (this.#flags.quiet !== true || line.startsWith('missed')) this.#io.stderr.write(`${line}\n`)
    }
    return this.#checked.every(({ kept }) => kept)
  }

  /** What came, where it is recorded. */
  async writeRecording(target: string): Promise<void> {
    await this.#har?.write(target)
  }

  async writeSummary(summary: CrawlSummary, error?: unknown): Promise<void> {
    await this.#writeReport(summary, error)
    if (this.#flags.summary === undefined || !this.#summaryDue) return
    this.#summaryDue = false
    await writeWhole(resolve(this.#io.cwd, this.#flags.summary), summaryText(summary, error, this.#checked))
  }

  /** Once, and also when the crawl has failed or was stopped. */
  async #writeReport(summary: CrawlSummary, error: unknown): Promise<void> {
    const report = this.#report
    this.#report = undefined
    if (!report) return
    const { report: path } = this.#flags
    const record = report.recordOf(summary, error, this.#checked)
    const page = path === undefined ? undefined : resolve(this.#io.cwd, path)
    const isWritten = await report.finish(record, page)
    if (isWritten && path !== undefined && this.#flags.quiet !== true)
      this.#io.stderr.write(`report    ${printable(path)}\n`)
  }

  /** For a crawl that did not end well. What goes wrong here must not hide what went wrong there. */
  async writeLastSummary(error: unknown): Promise<void> {
    const { exitCode } = failureOf(error)
    const isFailure = !(error instanceof Interrupted) && exitCode !== exitCodes.done
    const ending = isFailure ? 'failed' : 'interrupted'
    const summary = summarySoFar(ending, this.#crawl?.progress(), this.#crawler?.stats())
    // One that never began says nothing about what is expected of it.
    if (this.#crawl !== undefined) this.tellExpected(summary)
    await this.writeSummary(summary, isFailure ? error : undefined).catch((failure: unknown) =>
      this.#io.stderr.write(`${failureOf(failure).text}\n`),
    )
  }

  /** While somebody looks, where that was asked for. */
  async stay(): Promise<void> {
    if (this.#dashboard && this.#flags.dashboardStay)
      await stayOpen(this.#dashboard, this.#interruption.first, this.#io)
  }

  async close(): Promise<void> {
    this.#detachLog?.()
    this.#report?.ledger.end()
    await this.#crawler?.stop()
    await this.#cache?.close()
    this.#endTrace?.()
    await this.#closeBridge?.()
    await this.#metrics?.close()
    this.#endTelling?.()
  }

  /** Whether nothing was given up, set aside or contested. A crawl that visits its pages again answers for this run alone. */
  isComplete(summary: CrawlSummary): boolean {
    const before = this.#flags.revisit === undefined ? undefined : summary.earlier
    return lossesOf(summary) + summary.contested <= lossesOf(before) + (before?.contested ?? 0)
  }

  /** Undefined when nothing is kept. */
  get kept(): Kept | undefined {
    return this.#kept
  }

  get #shell(): Pick<Io, 'cwd' | 'called'> {
    return { ...this.#io, cwd: this.#resumed?.cwd ?? this.#io.cwd }
  }

  /** For a crawl that was stopped, or, without a summary, one that failed. Said once. */
  tellHowToGoOn(summary?: CrawlSummary): void {
    if (this.#kept === undefined || this.#toldHowToGoOn) return
    this.#toldHowToGoOn = true
    const told = summary
      ? howToGoOn(summary, this.#kept)
      : howToGoOnAfterFailure(this.#crawl?.progress(), this.#kept)
    if (told !== undefined && this.#flags.quiet !== true) this.#io.stderr.write(told)
  }
}
