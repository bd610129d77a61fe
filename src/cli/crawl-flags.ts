import { type Command, InvalidArgumentError, Option } from 'commander'
import { variablesIn } from '../base/variables.ts'
import { type ProxyScheme, proxySchemes } from '../contracts/endpoint.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import { strategyNames } from '../contracts/strategy.ts'
import { type TrustLevel, trustLevels } from '../contracts/trust.ts'
import { type ConfigLayers, layered } from '../options/config.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { mergeOptions, type PresetName, presetNames } from '../options/presets.ts'
import { UsageError } from './command-failure.ts'
import type { Io } from './io.ts'
import { addOptionFlags, type OptionFlags, optionsByFlag } from './option-flags.ts'
import {
  type Address,
  collectFilter,
  collectHeader,
  collectParam,
  collectText,
  type Pair,
  parseAddress,
  parseCount,
  parseDepth,
  parseDuration,
  parseInspectPort,
  parsePause,
  parsePort,
  parseRate,
  parseSeed,
} from './values.ts'

/** What `regatta crawl` takes, as commander hands it over, and what of it is for createCrawler. */
export interface CrawlFlags extends OptionFlags {
  readonly param?: readonly Pair[]
  readonly proxies?: readonly string[]
  readonly proxyScheme?: ProxyScheme
  /** Only these proxies. */
  readonly use?: ProxyFilter
  readonly allowPrivateProxies?: true
  /** An echo, or true for a public one. */
  readonly anonymous?: string | true
  readonly direct?: true
  readonly allowPrivate?: true
  readonly out?: readonly string[]
  readonly maxPages?: number
  readonly maxDepth?: number
  readonly maxPerHost?: number
  readonly block?: readonly string[]
  readonly traps: boolean
  /** Milliseconds. */
  readonly revisit?: number
  readonly forever?: true
  /** A folder, or false: nothing is kept. */
  readonly state?: string | boolean
  readonly fresh?: true
  readonly overwrite?: true
  readonly append?: true
  readonly cache?: string
  readonly offline?: true
  /** HAR files. */
  readonly replay?: readonly string[]
  /** A HAR file that is written; see record-command.ts. */
  readonly record?: string
  readonly keepSecrets?: true
  readonly contested?: 'mark' | 'dead'
  readonly keepTrying?: true
  readonly concurrency?: number
  /** Milliseconds. */
  readonly deadline?: number
  readonly politeness: boolean
  /** Milliseconds. */
  readonly interval?: number
  /** Requests a second. */
  readonly rate?: number
  /** Milliseconds. */
  readonly maxDuration?: number
  readonly preset?: PresetName
  readonly trust?: TrustLevel
  /** One good request in so many is kept for `regatta explain`. */
  readonly explain?: number
  readonly seed?: number
  readonly strategy?: (typeof strategyNames)[number]
  readonly hedge?: boolean
  readonly userAgent?: string
  readonly robotsAgent?: string
  readonly header?: Readonly<Record<string, string>>
  readonly ca?: string
  readonly summary?: string
  /** A file for the report as a page. */
  readonly report?: string
  /** As typed; see expect.ts. */
  readonly expect?: readonly string[]
  readonly trace?: string
  /** A port, or true for any that is free. */
  readonly inspect?: number | true
  readonly metrics?: Address
  /** Shows it live in a browser. */
  readonly dashboard?: true
  readonly dashboardPort?: number
  readonly dashboardStay?: true
  readonly open?: true
  readonly log?: string
  readonly logLevel: (typeof logLevels)[number]
  readonly quiet?: true
  readonly verbose?: true
}

/** A public endpoint over plain HTTP that tells the headers it was sent. */
export const headersEcho = 'http://httpbin.org/get'

const logLevels = ['error', 'warn', 'info', 'debug', 'trace'] as const

export function addCrawlFlags(command: Command): Command {
  return addOptionFlags(command)
    .option('--param <name=value>', 'a param of the source; again for more', collectParam)
    .option(
      '--proxies <file|url|->',
      'proxies: a list, where to get it, a proxy, webshare:, dns:NAME, free:, json:URL, or - for stdin; again for more',
      collectText,
    )
    .option(
      '--use <filter>',
      "only these of them: 'country=US|CA,class=residential', 'price<=3'; also city, asn, provider, protocol, label",
      collectFilter,
    )
    .option(
      '--anonymous [echo]',
      'use no proxy that shows our address, asked of this http URL that answers with the headers it was sent (default: a public one)',
    )
    .option(
      '--allow-private-proxies',
      'let lists from the web name proxies with addresses of the local network',
    )
    .addOption(
      new Option(
        '--proxy-scheme <name>',
        'what proxies without a scheme are (default: each is asked once)',
      ).choices(proxySchemes),
    )
    .option('--direct', 'go out without a proxy')
    .option(
      '--allow-private',
      'let links and redirects of a public site lead to addresses of the local network',
    )
    .option(
      '--out <file|->',
      'write items there: .jsonl, .ndjson, .json, .csv, .sqlite, .db; .edges.csv, .edges.jsonl for edges; .gz behind them; - for stdout; again for more',
      collectText,
    )
    .option('--max-pages <n>', 'pages at most, those of earlier runs included', parseCount)
    .option('--max-depth <n>', 'hops from a start page at most', parseDepth)
    .option('--max-per-host <n>', 'requests of one host that are added, at most', parseCount)
    .option('--block <host>', 'never ask this host, or *.example.com; again for more', collectText)
    .option('--no-traps', 'follow links that look like a spider trap too')
    .option('--state <folder>', 'keep the crawl there, to go on after a stop (default: .regatta/<crawl>)')
    .option('--no-state', 'keep nothing')
    .option('--overwrite', 'begin the --out files anew, unless this crawl goes on in them')
    .option('--append', 'add to what the --out files hold (the default), without a word')
    .option('--fresh', 'begin again although an unfinished crawl is kept')
    .option(
      '--revisit <time>',
      'visit a page again when its last visit is that long ago: 12h, 7d',
      parseDuration,
    )
    .option('--forever', 'with --revisit: wait for what will be due instead of ending')
    .option('--cache <file>', 'keep answers there and serve them from there: for writing parsers')
    .option('--offline', 'with --cache: ask nobody; what is not there is given up')
    .option(
      '--replay <file.har>',
      'ask nobody, and take the answers from there: of `regatta record`, or saved by a browser; again for more',
      collectText,
    )
    .addOption(
      new Option(
        '--contested <what>',
        'pages about which proxies contradict each other: mark their items, or keep only dead letters of them (default: mark)',
      ).choices(['mark', 'dead']),
    )
    .option(
      '--keep-trying',
      'wait for proxies although none has answered, instead of ending when each was asked in vain, or after a minute',
    )
    .option('--concurrency <n>', 'requests under way at once (default: 100)', parseCount)
    .option('--deadline <time>', 'how long one page may take, all tries included: 30s, 5m', parseDuration)
    .option(
      '--no-politeness',
      'lift the limits per host and proxy, and ignore robots.txt: for your own servers only',
    )
    .option('--interval <time>', 'between two requests of one proxy to one host (default: 500ms)', parsePause)
    .option('--rate <n/s|n/m>', 'requests to one host at most, over all proxies: 2/s, 30/m', parseRate)
    .option(
      '--max-duration <time>',
      'finish what is under way after that long, and stop: 30m, 8h',
      parseDuration,
    )
    .addOption(new Option('--preset <name>', 'settings for one kind of proxies').choices(presetNames))
    .addOption(
      new Option(
        '--trust <level>',
        'over plain HTTP: verify compares every page with what another proxy brings, learn until a proxy is found honest, blind none (default: learn)',
      ).choices(trustLevels),
    )
    .option('--seed <n>', 'repeat the choices of an earlier run', parseSeed)
    .addOption(
      new Option('--strategy <name>', 'how a proxy is chosen (default: thompson)').choices(strategyNames),
    )
    .option('--hedge <on|off>', 'start a second attempt when the first is slow (default: on)', parseSwitch)
    .option('--user-agent <text>', 'sent with every request')
    .option(
      '--robots-agent <name>',
      'the name that robots.txt is read under (default: the one in the user agent)',
    )
    .option('--header <name=value>', 'sent with every request; again for more', collectHeader)
    .option(
      '--explain <n>',
      'keep why one good request in so many went as it did (100; 1 keeps all)',
      parseCount,
    )
    .option('--ca <file>', 'trust these certificate authorities too (PEM)')
    .option('--summary <file>', 'write totals there as JSON, however the crawl ends')
    .option('--report <file>', 'write a report there as one HTML page, however the crawl ends')
    .option(
      '--expect <list>',
      "what the totals must be, or the exit code is 4: 'items>=100,success>=95%,p95<10s'; again for more",
      collectText,
    )
    .option('--trace <file>', 'record the crawl there, for `regatta simulate --trace`')
    .option(
      '--inspect [port]',
      'show the machines live to inspectors of XState on this machine, on this port or a free one: --inspect=9230',
      parseInspectPort,
    )
    .option(
      '--metrics <[address:]port>',
      'serve metrics to Prometheus there while it runs, on this machine alone without an address: 9464, 0.0.0.0:9464',
      parseAddress,
    )
    .option(
      '--dashboard',
      'show the crawl live in a browser, and act on it: on this machine alone; its address is printed',
    )
    .option('--dashboard-port <port>', 'show it on this port instead of a free one', parsePort)
    .option('--dashboard-stay', 'show it when the crawl has ended, too, while somebody looks, until Ctrl-C')
    .option('--open', 'with --dashboard: open it in the browser')
    .option('--log <file>', 'write a log there, one JSON object a line')
    .addOption(new Option('--log-level <level>', 'how much of it').choices(logLevels).default('info'))
    .option('--quiet', 'no progress; errors are still printed')
    .option('--verbose', 'a line for each page, and why one was left out')
}

/** The options of createCrawler: the flags over the configuration. `ca` is the PEM text. Throws UsageError when nothing leads out. */
export function crawlerOptions(
  flags: CrawlFlags,
  env: Io['env'],
  ca?: string,
  config: ConfigLayers = noConfig,
  /** Those that the source's params name. */
  variables: readonly string[] = [],
): CrawlerOptions {
  const options = layered(config, flagOptions(flags, ca))
  const { proxies, direct } = options
  const fromEnv = [env.PROXY_URL, env.PROXY_POOL].some((value) => value !== undefined && value.trim() !== '')
  if (proxies === undefined && direct !== true && options.offline !== true && !fromEnv) {
    throw new UsageError(
      'There is no way out: give --proxies FILE, URL or -, set PROXY_URL or PROXY_POOL, or allow --direct.',
    )
  }
  if (
    options.maxCost !== undefined &&
    flags.price === undefined &&
    options.prices === undefined &&
    flags.maxCost
  ) {
    throw new UsageError(
      '--max-cost needs to know what the proxies cost: --price 3.5USD, or "prices" in the configuration.',
    )
  }
  const texts =
    proxies === undefined ? undefined : [proxies].flat().filter((each) => typeof each === 'string')
  const own = Object.fromEntries(variables.map((name) => [name, env[name]]))
  const isKnown = options.env !== undefined || (proxies === undefined && direct === true)
  const others = isKnown ? options.env : proxyVariables(env, texts)
  return others === undefined && variables.length === 0 ? options : { ...options, env: { ...own, ...others } }
}

const noConfig: ConfigLayers = { file: {}, profile: {} }

/** What the flags alone say; what is undefined was not said. */
export function flagOptions(flags: CrawlFlags, ca?: string): CrawlerOptions {
  const {
    proxies,
    proxyScheme,
    use,
    anonymous,
    allowPrivateProxies,
    direct,
    allowPrivate,
    concurrency,
    deadline,
    preset,
    trust,
    explain,
    seed,
    strategy,
    hedge,
    userAgent,
    robotsAgent,
    header,
  } = flags
  const own: CrawlerOptions = {
    proxies: proxies?.length === 1 ? proxies[0] : proxies && [...proxies],
    proxyScheme,
    use,
    anonymous:
      anonymous === undefined ? undefined : { echoes: [anonymous === true ? headersEcho : anonymous] },
    allowPrivateProxies,
    direct,
    offline: flags.offline || flags.replay ? true : undefined,
    allowPrivateTargets: allowPrivate,
    preset,
    trust,
    explain: explain === undefined ? undefined : { sample: explain },
    concurrency,
    deadline,
    politeness: politenessOf(flags),
    seed,
    strategy,
    hedge: hedge === false ? hedge : undefined,
    userAgent,
    robotsAgent,
    headers: header,
    ca,
  }
  return mergeOptions(own, optionsByFlag(flags))
}

function politenessOf({ politeness, interval, rate }: CrawlFlags): CrawlerOptions['politeness'] {
  if (interval === undefined && rate === undefined) return politeness ? undefined : false
  if (!politeness)
    throw new UsageError('--no-politeness lifts every limit: leave out --interval and --rate, or it.')
  return {
    ...(interval === undefined ? {} : { interval }),
    ...(rate === undefined ? {} : { hostInterval: 1_000 / rate }),
  }
}

/** The two that name proxies where no flag does, else those of the lists that the flags name: the rest of the environment is not read. */
export function proxyVariables(
  env: Io['env'],
  proxies: readonly string[] | undefined,
): Record<string, string | undefined> {
  const names = proxies
    ? ['WEBSHARE_API_KEY', 'WEBSHARE_API_URL', ...variablesIn(proxies)]
    : ['PROXY_URL', 'PROXY_POOL']
  return Object.fromEntries(names.map((name) => [name, env[name]]))
}

function parseSwitch(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Expected on or off.')
  return text === 'on'
}
