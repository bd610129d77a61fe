import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { redact } from '../base/redact.ts'
import { proxySchemes } from '../contracts/endpoint.ts'
import { assertRuntime } from '../options/runtime.ts'
import { regatta } from './called.ts'
import type { CheckFlags } from './check-command.ts'
import { failureOf } from './command-failure.ts'
import { addCrawlFlags, type CrawlFlags } from './crawl-flags.ts'
import type { DashboardFlags } from './dashboard-command.ts'
import type { DeadFlags } from './dead.ts'
import type { DemoFlags } from './demo.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import type { MachinesFlags } from './machines.ts'
import type { NewSourceFlags } from './new-source.ts'
import { parsePrice } from './price.ts'
import type { KeepFlags } from './proxies-keep.ts'
import type { ReportFlags } from './report-command.ts'
import type { SimulateFlags } from './simulate.ts'
import { collectSetting } from './simulate-settings.ts'
import type { StatusFlags } from './status.ts'
import { addTryFlags, type TryFlags } from './try/try-flags.ts'
import {
  collectFilter,
  collectParam,
  collectText,
  parseCount,
  parseDuration,
  parsePort,
  parseSeed,
} from './values.ts'

/**
 * The command line: which commands there are, and what becomes of their errors. Each command is loaded when it is
 * called, so `--help` answers at once. Returns the exit code and never throws; touches nothing but `io`.
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done
  const program = createProgram(io, (code) => {
    exitCode = code
  })
  try {
    assertRuntime()
    // Without a word: show what this is.
    await program.parseAsync(argv.length === 0 ? ['demo'] : [...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    // commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    const failure = failureOf(error, regatta(io))
    if (failure.text !== '') io.stderr.write(`${failure.text}\n`)
    return failure.exitCode
  }
}

/** Every command with its flags. Nothing runs before a command line is parsed; the docs are printed from this too. */
export function createProgram(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Command('regatta')
    .description('Crawl through unreliable proxies: quickly, politely, each page once, and able to say why.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(withoutValues(text).replace(/^error: /, 'regatta: ')),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      '\nWithout a command the demo runs: a small world of sites and bad proxies on this machine.\n' +
        'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something was given up, set aside or contested, 4 not what --expect asks for, 130 interrupted.',
    )

  addCrawlFlags(program.command('crawl'))
    .summary('crawl a site, or what a source describes')
    .description(
      'Crawls a URL, a source by name (see `regatta sources`), in a file (./my-source.ts), or in a package that is installed here (regatta-source-shop, @scope/pkg#name).',
    )
    .argument('<url|source|file|package>')
    .action(async (target: string, flags: CrawlFlags) => {
      const { crawlCommand } = await import('./crawl.ts')
      finish(await crawlCommand(target, flags, io))
    })

  withoutHelpOf(notForRecord, addCrawlFlags(program.command('record')))
    .summary('crawl, and write what the sites answered as a HAR file')
    .description(
      'Crawls like `crawl`, and writes what the sites answered to --out FILE.har, for `crawl --replay` and for tests. Cookies, credentials and secrets are left out.',
    )
    .argument('<url|source|file|package>')
    .option('--keep-secrets', 'write cookies, credentials and secrets too')
    .action(async (target: string, flags: CrawlFlags) => {
      const { recordCommand } = await import('./record-command.ts')
      finish(await recordCommand(target, flags, io))
    })

  addTryFlags(program.command('try'))
    .summary('fetch one page and show what a source makes of it')
    .description(
      'Fetches one page as `regatta crawl` would, and shows what a source makes of it: how the page came, items, edges, requests, what was left out and why, and the selectors that matched nothing. Exit codes: 0 something was found, 1 the page was not had or not read, 3 nothing was found, or something was set aside.',
    )
    .argument('<url|source|file|package>')
    .argument('[url]', 'the page (default: the first that the source starts with)')
    .action(async (what: string, url: string | undefined, flags: TryFlags) => {
      const { tryCommand } = await import('./try/try-command.ts')
      finish(await tryCommand(what, url, flags, io))
    })

  withoutHelpOf(['--param', '--state', '--no-state'], addCrawlFlags(program.command('resume')))
    .summary('go on with a crawl that was stopped, or died')
    .description(
      'Goes on with the crawl in a folder; what is said here goes over what was said then. Its params stay: with others it would be another crawl.',
    )
    .argument('<folder>', 'such as .regatta/example.com-1a2b3c4d')
    .option('--salvage', 'if its state is corrupt: go on with what can be read of it')
    .action(async (folder: string, flags: CrawlFlags & { salvage?: true }, command: Command) => {
      const typed = Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli')
      const { resumeCommand } = await import('./resume.ts')
      finish(await resumeCommand(folder, Object.fromEntries(typed), io))
    })

  program
    .command('status')
    .description('tell how far a crawl is, running or not, and how its proxies and hosts fare')
    .argument('<folder>', 'such as .regatta/example.com-1a2b3c4d; .regatta lists them all')
    .option('--json', 'JSON instead of text')
    .option('--watch', 'tell it again every two seconds, until Ctrl-C')
    .action(async (folder: string, flags: StatusFlags) => {
      const { statusCommand } = await import('./status.ts')
      finish(await statusCommand(folder, flags, io))
    })

  program
    .command('explain')
    .summary('tell why a request went as it did')
    .description(
      'Tells why a request went as it did, while its crawl runs, after it, or after it was killed: what became of it and what to do, then every wait, every attempt with its proxy and why that one, and what the crawl did with it.',
    )
    .argument('<folder>', 'the state of a crawl, such as .regatta/example.com-1a2b3c4d')
    .argument('<url|id>', 'what was asked for, or the id of a request or of a task')
    .option('--json', 'JSON instead of text')
    .option('--svg <file>', 'draw it as a waterfall too: one SVG file that needs nothing else')
    .action(async (folder: string, which: string, flags: { json?: true; svg?: string }) => {
      const { explainCommand } = await import('./explain-command.ts')
      finish(await explainCommand(folder, which, flags, io))
    })

  program
    .command('report')
    .summary('write the report of a crawl: of its last run, running or not')
    .description('Writes the report of a crawl from its folder: of its last run, running or not.')
    .argument('<folder>', 'such as .regatta/example.com-1a2b3c4d')
    .option('--out <file>', 'where to write the page; - for stdout (default: text on stdout)')
    .option('--price <amount>', 'what a gigabyte through the proxies costs: 3.5, 3.5USD', parsePrice)
    .option('--verbose', 'every line of the text')
    .option('--json', 'what the report is made of, instead of text or page')
    .action(async (folder: string, flags: ReportFlags) => {
      const { reportCommand } = await import('./report-command.ts')
      finish(await reportCommand(folder, flags, io))
    })

  program
    .command('dashboard')
    .summary('show a crawl in a browser, running or not')
    .description(
      'Shows the crawl in a folder in a browser, running or not, until Ctrl-C. Where it runs with --dashboard, it is shown as it shows itself, and its buttons work; else as its folder tells.',
    )
    .argument('<folder>', 'such as .regatta/example.com-1a2b3c4d')
    .option('--port <port>', 'on this port (default: one that is free)', parsePort)
    .option('--open', 'open it in the browser')
    .action(async (folder: string, flags: DashboardFlags) => {
      const { dashboardCommand } = await import('./dashboard-command.ts')
      finish(await dashboardCommand(folder, flags, io))
    })

  addDeadCommands(program, io, finish)

  const proxies = program.command('proxies').description('look after proxies')
  proxies
    .command('keep')
    .description('Writes a list without the proxies that a crawl has found useless, passwords included.')
    .argument('<list...>', 'files, URLs of lists or proxies; - for stdin')
    .requiredOption('--after <folder>', 'the crawl that used them')
    .requiredOption('--out <file>', 'where to write those that are worth keeping')
    .addOption(new Option('--proxy-scheme <name>', 'what proxies without a scheme are').choices(proxySchemes))
    .option('--quiet', 'not a word; errors are still printed')
    .action(async (list: string[], flags: KeepFlags) => {
      const { keepCommand } = await import('./proxies-keep.ts')
      finish(await keepCommand(list, flags, io))
    })
  proxies
    .command('check')
    .description(
      'Finds out which proxies are alive, how fast, where they leave from, what they give away, and which lie.',
    )
    .argument('<list...>', 'files, URLs of lists, proxies, webshare:, dns:NAME, free:, json:URL; - for stdin')
    .option(
      '--echo <url>',
      'an endpoint that answers with the address it was asked from (default: two public ones)',
      collectText,
    )
    .option('--timeout <time>', 'for one probe', parseDuration, 5_000)
    .option('--concurrency <n>', 'probes at once', parseCount, 50)
    .option('--json', 'JSON instead of a table')
    .option('--ca <file>', 'trust these certificate authorities too (PEM)')
    .option('--quiet', 'no progress; errors are still printed')
    .option('--out <file>', 'write those that are alive there, passwords included')
    .addOption(
      new Option(
        '--proxy-scheme <name>',
        'what proxies without a scheme are (default: each is asked once)',
      ).choices(proxySchemes),
    )
    .option('--use <filter>', "only these of them: 'country=US|CA,class=residential'", collectFilter)
    .option(
      '--allow-private-proxies',
      'let lists from the web name proxies with addresses of the local network',
    )
    .action(async (list: string[], flags) => {
      const { checkCommand } = await import('./proxies.ts')
      finish(await checkCommand(list, flags, io))
    })

  program
    .command('sources')
    .description('list the sources there are with their params, or one with its items')
    .argument(
      '[name...]',
      'a source, or a file such as ./my-source.ts (default: those that come with Regatta)',
    )
    .option('--json', 'JSON instead of text')
    .action(async (files: string[], flags: { json?: true }) => {
      const { sourcesCommand } = await import('./sources.ts')
      finish(await sourcesCommand(files, flags, io))
    })

  program
    .command('check')
    .summary('check sources: types, schemas, fixtures, determinism, politeness')
    .description(
      'Checks sources before they crawl: their types and schemas, what they make of their fixtures and whether it is the same each time, and how politely they ask. Nothing is fetched without --live. Exit codes: 0 nothing failed, 1 something did.',
    )
    .argument(
      '[source...]',
      'such as ./my-source.ts or ./my-source.ts#name (default: those that come with Regatta)',
    )
    .option('--param <name=value>', 'a param of the source; again for more', collectParam)
    .option('--update', 'write what comes out of the fixtures as what is expected of them')
    .option(
      '--live [pages]',
      'fetch its first pages (default: 3) and compare their items with the fixtures',
      parseCount,
    )
    .option('--proxies <file|url|->', 'with --live: over these proxies; again for more', collectText)
    .option('--direct', 'with --live: go out without a proxy')
    .option('--config <file>', 'with --live: the options of this file (default: regatta.config.ts here)')
    .option('--no-config', 'with --live: read no configuration file')
    .option('--profile <name>', 'with --live: the options of this profile of the configuration file too')
    .option('--fixtures <path>', 'a folder of HAR files, or one (default: fixtures/NAME beside the source)')
    .option('--no-types', 'leave out the compiler of types')
    .option('--json', 'JSON instead of text')
    .action(async (named: string[], flags: CheckFlags) => {
      const { checkSourcesCommand } = await import('./check-command.ts')
      finish(await checkSourcesCommand(named, flags, io))
    })

  program
    .command('machines')
    .description('print the statecharts that run: in words, as pictures, as Mermaid, as data')
    .argument('[name]', 'crawl, router, pool, proxy, task, attempt or hub (default: all)')
    .option('--svg', 'a picture')
    .option('--mermaid', 'a Mermaid diagram')
    .option('--json', 'what createMachine of XState takes')
    .option('--out <folder>', 'write files there instead')
    .action(async (name: string | undefined, flags: MachinesFlags) => {
      const { machinesCommand } = await import('./machines.ts')
      finish(await machinesCommand(name, flags, io))
    })

  program
    .command('init')
    .description('Writes a configuration file with comments: regatta.config.ts. Never overwrites.')
    .option('--json', 'regatta.config.json instead')
    .action(async (flags: { json?: true }) => {
      const { initCommand } = await import('./init.ts')
      finish(await initCommand(flags, io))
    })

  addCrawlFlags(program.command('config'))
    .summary('show which options hold here, and where each comes from')
    .description(
      'Shows which options a crawl with these flags would have here, and where each comes from: a flag, a profile, the configuration file, a preset. Secrets are not shown.',
    )
    .option('--all', 'what is as by default too')
    .option('--json', 'JSON instead of text')
    .action(async (flags: CrawlFlags & { json?: true; all?: true }) => {
      const { configCommand } = await import('./config-command.ts')
      finish(await configCommand(flags, io))
    })

  program
    .command('new')
    .description('write the beginnings of something')
    .command('source')
    .description(
      'Writes a source that runs as it stands. With --from it is a first version that reads that page, with a test, and the page as a fixture. Never overwrites.',
    )
    .argument('<name>', 'small letters, digits, hyphens')
    .option('--dir <folder>', 'where to put it (default: here)')
    .option(
      '--from <url|file>',
      'guess a first version from this page: a URL, a HAR file, or a file with the page',
    )
    .option('--url <url>', 'which page of a HAR file, or where the page of a file came from')
    .option(
      '--proxies <file|url|->',
      'proxies for --from: a list, where to get it, a proxy, webshare:, dns:NAME, free:, json:URL, or - for stdin; again for more',
      collectText,
    )
    .option('--direct', 'fetch --from without a proxy')
    .action(async (name: string, flags: NewSourceFlags) => {
      const { newSourceCommand } = await import('./new-source.ts')
      finish(await newSourceCommand(name, flags, io))
    })

  program
    .command('lab')
    .description('start a local world of sites and bad proxies, and keep it until Ctrl-C')
    .argument('[scenario]', 'its name, or a JSON file', 'demo')
    .option('--proxies-out <file>', 'write the proxies there, one a line')
    .option('--for <time>', 'end by itself: 30s, 5m', parseDuration)
    .action(async (scenario: string, flags: { proxiesOut?: string; for?: number }) => {
      const { labCommand } = await import('./lab.ts')
      finish(await labCommand(scenario, flags, io))
    })

  program
    .command('simulate')
    .summary('run the crawler on virtual time, in a scenario or in the history of a crawl')
    .description(
      'Runs the real crawler in a simulated world: hours in seconds, the same for the same seed. Compares settings.',
    )
    .argument('[scenario]', 'its name, a JSON file, or storm: a wild world for each seed')
    .option('--trace <file>', 'the history of a crawl (regatta crawl … --trace FILE) instead of a scenario')
    .option('--set <key=value,…>', 'compare with these options; again for one more row', collectSetting)
    .option('--seed <n>', "the world's and the crawler's luck", parseSeed)
    .option('--seeds <n>', 'so many seeds, from --seed on: what is usual, and what was worst', parseCount)
    .option('--requests <n>', 'pages to fetch', parseCount)
    .option('--in-flight <n>', 'pages wanted at once', parseCount)
    .option('--record <file>', 'write the trace of the run there')
    .option('--json', 'JSON instead of text')
    .option('--quiet', 'no progress; the report is still printed')
    .action(async (scenario: string | undefined, flags: SimulateFlags) => {
      const { simulateCommand } = await import('./simulate.ts')
      finish(await simulateCommand(scenario, flags, io))
    })

  program
    .command('demo')
    .description('crawl the local world and tell what happened')
    .option('--seed <n>', 'repeat the choices of an earlier run', parseCount)
    .option('--quiet', 'no progress; the report is still printed')
    .option('--dashboard', 'show it live in a browser, and after its end while somebody looks')
    .option('--dashboard-port <port>', 'show it on this port instead of a free one', parsePort)
    .option('--open', 'with --dashboard: open it in the browser')
    .action(async (flags: DemoFlags) => {
      const { demoCommand } = await import('./demo.ts')
      finish(await demoCommand(flags, io))
    })
  return program
}

/** What makes no sense where answers are recorded. */
const notForRecord = ['--cache', '--offline', '--replay', '--append', '--revisit', '--forever', '--fresh']

/** They are known, so that a user who gives one is told why not. */
function withoutHelpOf(flags: readonly string[], command: Command): Command {
  for (const option of command.options) {
    if (option.long !== undefined && option.long !== null && flags.includes(option.long)) option.hideHelp()
  }
  return command
}

function addDeadCommands(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  const dead = program.command('dead').description('look at what was given up, and try it again')
  dead
    .command('list')
    .description('Lists what was given up, one line for each.')
    .argument('<folder>')
    .option('--reason <code>', 'only those given up for it')
    .option('--json', 'JSON lines, with everything that is known')
    .action(async (folder: string, flags: DeadFlags) => {
      const { deadListCommand } = await import('./dead.ts')
      finish(await deadListCommand(folder, flags, io))
    })
  dead
    .command('show')
    .description('Shows why it was given up, and what the last answers said.')
    .argument('<folder>')
    .argument('<id|url>')
    .action(async (folder: string, which: string) => {
      const { deadShowCommand } = await import('./dead.ts')
      finish(await deadShowCommand(folder, which, io))
    })
  dead
    .command('retry')
    .description('Puts what was given up back into the queue; `regatta resume` fetches it.')
    .argument('<folder>')
    .argument('[id|url...]')
    .option('--reason <code>', 'all that were given up for it')
    .option('--all', 'all of them')
    .action(async (folder: string, which: string[], flags: DeadFlags & { all?: true }) => {
      const { deadRetryCommand } = await import('./dead.ts')
      finish(await deadRetryCommand(folder, which, flags, io))
    })
}

function version(): string {
  // From src/cli when unbuilt, from dist/src/cli in the package.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version
    } catch {
      // the other one
    }
  }
  return 'unknown'
}

/** What commander says of a wrong flag repeats what was typed there: a password, a token. */
function withoutValues(text: string): string {
  return redact(text)
    .replace(
      /(option '--(?:header|param|proxies)\b[^']*') argument '.*' is invalid\./s,
      '$1: its value is wrong.',
    )
    .replace(/(unknown option '--?[\w-]+)=[^\n]*'/, "$1'")
}
