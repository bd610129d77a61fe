import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { delay } from '../base/clock.ts'
import { counted } from '../base/format.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { findScenario, type Lab, parseScenario, type Scenario, startLab } from '../lab/index.ts'
import { regatta } from './called.ts'
import { writeWhole } from './files.ts'
import { listenForInterruption } from './interruption.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

export interface LabFlags {
  readonly proxiesOut?: string
  /** Milliseconds. */
  readonly for?: number
}

/** `regatta lab`: a world to try things on, until Ctrl-C. Being interrupted is how it ends, so that is no failure. */
export async function labCommand(scenario: string, flags: LabFlags, io: Io): Promise<ExitCode> {
  const interruption = listenForInterruption(io)
  try {
    await using lab = await startLab(await readScenario(scenario, io))
    const { proxiesOut, for: duration } = flags
    if (proxiesOut !== undefined) {
      await writeWhole(resolve(io.cwd, proxiesOut), `${lab.proxies.join('\n')}\n`)
    }
    let ca: string | undefined
    if (lab.ca !== '' && proxiesOut !== undefined) {
      ca = `${proxiesOut}.ca.pem`
      await writeWhole(resolve(io.cwd, ca), lab.ca)
    }
    io.stdout.write(renderLab(lab, regatta(io), proxiesOut, ca))
    // Far beyond any session: the wait is ended by the signal.
    const wait = delay(io.clock, duration ?? 2_000_000_000, interruption.first)
    await wait.catch((error: unknown) => {
      if (!interruption.first.aborted) throw error
    })
    return exitCodes.done
  } finally {
    interruption.end()
  }
}

/** A scenario by name, or from a JSON file. Throws SCENARIO_INVALID. */
export async function readScenario(what: string, io: Pick<Io, 'cwd'>): Promise<Scenario> {
  if (!/[/\\]|\.json$/i.test(what)) return findScenario(what)
  const path = resolve(io.cwd, what)
  try {
    return parseScenario(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (error instanceof RegattaError) throw error
    throw new RegattaError('SCENARIO_INVALID', `Cannot read a scenario from ${path}: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

const shownProxies = 10

/** What somebody needs to crawl it from another terminal. */
export function renderLab(lab: Lab, called: string, proxiesOut?: string, ca?: string): string {
  const origins = Object.values(lab.origins)
  const width = Math.max(0, ...origins.map(({ url }) => url.length))
  const lines = [
    `Lab "${lab.name}", seed ${lab.seed}.`,
    '',
    `${counted(origins.length, 'site')} (through the proxies, or directly):`,
    ...origins.map(({ url, direct }) => `  ${url.padEnd(width)}  ${direct}`),
    '',
    `${counted(lab.proxies.length, 'proxy', 'proxies')}${proxiesOut === undefined ? '' : `, written to ${proxiesOut}`}:`,
    ...lab.proxies.slice(0, shownProxies).map((url) => `  ${url}`),
  ]
  const more = lab.proxies.length - shownProxies
  if (more > 0)
    lines.push(
      `  … and ${more} more${proxiesOut === undefined ? '; --proxies-out FILE writes them all' : ''}`,
    )
  const start = origins[0]?.url ?? ''
  const trust = ca === undefined ? '' : ` --ca ${ca}`
  lines.push(
    '',
    proxiesOut === undefined
      ? `With --proxies-out FILE the list is ready for: ${called} crawl … --proxies FILE`
      : `In another terminal: ${called} crawl ${start}/ --proxies ${proxiesOut}${trust} --max-pages 50`,
    'Ctrl-C ends it.',
  )
  return `${lines.join('\n')}\n`
}
