import { resolve } from 'node:path'
import { counted, formatCount } from '../base/format.ts'
import type { RegattaError } from '../contracts/errors.ts'
import type { Scenario } from '../lab/scenario.ts'
import { scenarioNames } from '../lab/scenarios/find.ts'
import type { CrawlerOptions } from '../options/options.ts'
import type { SimulationReport } from '../sim/report.ts'
import { simulate } from '../sim/simulate.ts'
import { stormScenario } from '../sim/storm.ts'
import { RecordedTrace } from '../sim/trace-record.ts'
import { recordedReport } from '../sim/trace-report.ts'
import { UsageError } from './command-failure.ts'
import { openCounter } from './counter.ts'
import { type Interruption, listenForInterruption, unlessInterrupted } from './interruption.ts'
import { type ExitCode, exitCodes, type Io, isTerminal } from './io.ts'
import { readScenario } from './lab.ts'
import { quoted } from './paste.ts'
import { applySetting, type Setting } from './simulate-settings.ts'
import { renderComparison, renderReport, renderSeeds, renderViolations } from './simulate-tables.ts'
import { openTraceFile, readTraceFile } from './trace-file.ts'

export interface SimulateFlags {
  readonly trace?: string
  readonly seed?: number
  readonly seeds?: number
  readonly set?: readonly Setting[]
  readonly requests?: number
  readonly inFlight?: number
  readonly record?: string
  readonly json?: true
  readonly quiet?: true
}

/**
 * `regatta simulate`: the real crawler on virtual time, in a scenario or in the history of a crawl, under one or several
 * settings and seeds. Exit 1 when an invariant was violated.
 */
export async function simulateCommand(
  what: string | undefined,
  flags: SimulateFlags,
  io: Io,
): Promise<ExitCode> {
  assertUsable(what, flags)
  const interruption = listenForInterruption(io)
  try {
    const reading: Promise<Scenario | RecordedTrace> =
      flags.trace === undefined
        ? what === storm
          ? Promise.resolve(stormScenario(flags.seed ?? 1))
          : readScenario(what!, io)
        : readTraceFile(resolve(io.cwd, flags.trace), flags.trace)
    const subject = await unlessInterrupted(reading, interruption.first)
    return await new Comparison(subject, what, flags, io, interruption).perform()
  } finally {
    interruption.end()
  }
}

function assertUsable(what: string | undefined, flags: SimulateFlags): void {
  const { trace, seeds = 1, set = [], record } = flags
  if (what === undefined && trace === undefined) {
    throw new UsageError(
      `What should be simulated? Name a scenario (${scenarioNames.join(', ')}), storm (a wild world for each seed), a JSON file with one, or a recorded crawl: --trace FILE.`,
    )
  }
  if (what !== undefined && trace !== undefined) {
    throw new UsageError('A scenario and --trace were given, and only one can be simulated: leave one out.')
  }
  if (record !== undefined && (seeds > 1 || set.length > 0)) {
    throw new UsageError('--record writes down one run: leave out --seeds and --set, or --record.')
  }
}

/** A world drawn from the seed, with every fault there is: what the invariants are tried on. */
const storm = 'storm'

interface Variant {
  readonly name: string
  readonly setting?: Setting
  readonly options: CrawlerOptions
  readonly reports: SimulationReport[]
}

class Comparison {
  readonly #subject: Scenario | RecordedTrace
  readonly #what: string | undefined
  readonly #flags: SimulateFlags
  readonly #io: Io
  readonly #signal: AbortSignal
  readonly #variants: readonly Variant[]
  #runs = 0
  #answered = 0
  #asked = 0

  constructor(
    subject: Scenario | RecordedTrace,
    what: string | undefined,
    flags: SimulateFlags,
    io: Io,
    interruption: Interruption,
  ) {
    this.#subject = subject
    this.#what = what
    this.#flags = flags
    this.#io = io
    this.#signal = interruption.first
    const own =
      subject instanceof RecordedTrace ? subject.options : what === storm ? {} : subject.work?.options
    const options = (own ?? {}) as CrawlerOptions
    // Whatever is wrong with a setting is told before anything runs.
    const changed = (flags.set ?? []).map((setting) => {
      return { name: setting.text, setting, options: applySetting(options, setting), reports: [] }
    })
    this.#variants = [{ name: 'as it is', options, reports: [] }, ...changed]
  }

  async perform(): Promise<ExitCode> {
    const violated = await this.#runAll()
    const { stdout } = this.#io
    if (this.#flags.json) stdout.write(`${JSON.stringify(this.#toJson(), null, 2)}\n`)
    else stdout.write(`${this.#render().join('\n')}\n`)
    if (!violated) return exitCodes.done
    const lines = renderViolations(violated.report)
    for (const line of [...lines, `Replay it: ${this.#commandFor(violated.report.seed, violated.variant)}`]) {
      this.#io.stderr.write(`${line}\n`)
    }
    return exitCodes.failed
  }

  /** Every variant under every seed; ends with the first that violates an invariant. */
  async #runAll() {
    const { seeds = 1, quiet } = this.#flags
    const first = this.#flags.seed ?? this.#subject.seed ?? 1
    const total = seeds * this.#variants.length
    const isSilent = quiet === true || !isTerminal(this.#io.stderr, this.#io.env)
    const counter = openCounter(this.#io, isSilent, () => {
      const run = total > 1 ? `run ${this.#runs} of ${formatCount(total)}, ` : ''
      return `${run}${formatCount(this.#answered)} of ${counted(this.#asked, 'page')}`
    })
    try {
      for (let each = 0; each < seeds; each++) {
        const seed = (first + each) % 0x1_0000_0000
        for (const variant of this.#variants) {
          this.#runs++
          const report = await this.#run(variant, seed)
          variant.reports.push(report)
          if (report.violations.length > 0) return { report, variant }
        }
      }
      return undefined
    } finally {
      counter.end()
    }
  }

  async #run({ options }: Variant, seed: number): Promise<SimulationReport> {
    const { requests, inFlight, record } = this.#flags
    let failure: RegattaError | undefined
    const path = record === undefined ? undefined : resolve(this.#io.cwd, record)
    const told = (error: RegattaError) => {
      failure = error
    }
    const file = path === undefined ? undefined : openTraceFile(path, this.#io.clock, told)
    try {
      // Every seed is a world of its own.
      const subject = this.#what === storm ? stormScenario(seed) : this.#subject
      const report = await simulate(subject, {
        seed,
        options,
        signal: this.#signal,
        ...(requests !== undefined && { requests }),
        ...(inFlight !== undefined && { inFlight }),
        ...(file && { trace: (line: string) => file.write(line) }),
        onAnswer: ({ asked, succeeded, failed }) => {
          this.#asked = asked
          this.#answered = succeeded + failed
        },
      })
      file?.close()
      if (failure) throw failure
      return report
    } finally {
      file?.close()
    }
  }

  #render(): string[] {
    const recorded = this.#recorded()
    const [own] = this.#variants
    const rows = this.#variants.filter(({ reports }) => reports.length > 0)
    const runs = own!.reports.length
    if (!recorded && this.#variants.length === 1) {
      return runs === 1
        ? renderReport(own!.reports[0]!)
        : [...this.#title(own!.reports), ...renderSeeds(own!.reports)]
    }
    return [
      ...this.#title(own!.reports),
      ...renderComparison([...(recorded ? [{ name: 'recorded', reports: [recorded] }] : []), ...rows]),
    ]
  }

  #title(reports: readonly SimulationReport[]): string[] {
    const { scenario, seed, pages } = reports[0]!
    const seeds = reports.length > 1 ? `${reports.length} seeds from ${seed} on` : `seed ${seed}`
    return [`${scenario}, ${seeds}: ${counted(pages.asked, 'page')} each`, '']
  }

  #recorded(): SimulationReport | undefined {
    return this.#subject instanceof RecordedTrace
      ? recordedReport(this.#subject, this.#flags.requests)
      : undefined
  }

  #toJson(): object {
    const recorded = this.#recorded()
    const runs = this.#variants.flatMap(({ name, reports }) =>
      reports.map((report) => ({ settings: name, ...report })),
    )
    return { ...(recorded && { recorded }), runs }
  }

  /** The command line that brings one run again, violation and all. */
  #commandFor(seed: number, { setting }: Variant): string {
    const { trace, requests, inFlight } = this.#flags
    const words = ['regatta', 'simulate', ...(trace === undefined ? [this.#what!] : ['--trace', trace])]
    words.push('--seed', String(seed))
    if (setting) words.push('--set', setting.text)
    if (requests !== undefined) words.push('--requests', String(requests))
    if (inFlight !== undefined) words.push('--in-flight', String(inFlight))
    return words.map(quoted).join(' ')
  }
}
