import { type Command, InvalidArgumentError, Option } from 'commander'
import { proxyClasses } from '../contracts/endpoint.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { mergeOptions } from '../options/presets.ts'
import { UsageError } from './command-failure.ts'
import { collectPrice, type ProxyPrice } from './price.ts'
import { collectText, parseCount, parseDuration, parseSize } from './values.ts'

/** Flags for what a configuration file says otherwise: its place, money, checks, and any option by its path. */
export interface OptionFlags {
  /** A file; false with `--no-config`. */
  readonly config?: string | boolean
  readonly profile?: string
  /** Options by their path, as they were typed. */
  readonly set?: readonly string[]
  /** Bytes. */
  readonly maxBytes?: number
  readonly maxCost?: number
  readonly price?: readonly ProxyPrice[]
  /** Milliseconds. */
  readonly refresh?: number
  readonly proxyClass?: (typeof proxyClasses)[number]
  readonly maxRequestsPerProxy?: number
  /** Echo targets for checks in the background. */
  readonly check?: readonly string[]
  /** Milliseconds. */
  readonly checkInterval?: number
  readonly evictionSamples?: number
  readonly remoteDns?: boolean
  /** Milliseconds. */
  readonly saveInterval?: number
  readonly logName?: string
}

export function addOptionFlags(command: Command): Command {
  return command
    .option('--config <file>', 'options from there (default: regatta.config.ts, .js or .json here)')
    .option('--no-config', 'read no configuration file')
    .option('--profile <name>', 'the options of this profile over those of the file')
    .option(
      '--set <path=value>',
      "any option by its path: breaker.run=2, 'hosts[api.example.com].concurrency=4'; again for more",
      collectText,
    )
    .option('--max-bytes <size>', 'stop when so much went over the proxies: 500MB, 2GB', parseSize)
    .option('--max-cost <amount>', 'stop when so much was spent, at the prices: 5, 0.50', parseCost)
    .option(
      '--price <amount>',
      "what a gigabyte through the proxies costs: 3.5, 3.5USD; or of some, and per request or month: 'provider=acme 1.2USD/month'; again for more",
      collectPrice,
    )
    .option('--refresh <time>', 'how often a URL of proxies is fetched again (default: 10m)', parseDuration)
    .addOption(
      new Option('--proxy-class <name>', 'what the proxies are, where their list does not say').choices(
        proxyClasses,
      ),
    )
    .option('--max-requests-per-proxy <n>', 'a proxy rests after so many, until the next refresh', parseCount)
    .option(
      '--check <url>',
      'check all proxies in the background by asking this endpoint for our address; at least two, of different hosts',
      collectText,
    )
    .option('--check-interval <time>', 'from one round of checks to the next (default: 1m)', parseDuration)
    .option('--no-remote-dns', 'resolve names of targets here instead of by SOCKS proxies')
    .option(
      '--save-interval <time>',
      'how often what was learnt of the proxies is saved (default: 5s)',
      parseDuration,
    )
    .option('--log-name <name>', 'stands in each line of the log, to tell several crawls apart')
    .option(
      '--eviction-samples <n>',
      'failures in a row that shut a proxy out everywhere (default: 30)',
      parseCount,
    )
}

/** The options of createCrawler that they mean; what is undefined was not said. */
export function optionsByFlag(flags: OptionFlags): CrawlerOptions {
  const {
    maxBytes,
    maxCost,
    refresh,
    proxyClass,
    maxRequestsPerProxy,
    check,
    checkInterval,
    saveInterval,
    evictionSamples,
  } = flags
  const price = flags.price && [flags.price].flat()
  if (checkInterval !== undefined && check === undefined)
    throw new UsageError('--check-interval needs --check URL.')
  const currency = price?.map((each) => each.currency).find((each) => each !== '')
  const own: CrawlerOptions = {
    maxBytes,
    maxCost,
    prices: price?.map(priceOption),
    currency,
    refresh,
    proxyClass,
    maxRequestsPerProxy,
    health: check && { echoes: [...check], interval: checkInterval },
    remoteDns: flags.remoteDns === false ? false : undefined,
    saveInterval,
    eviction: evictionSamples === undefined ? undefined : { samples: evictionSamples },
  }
  return (flags.set ?? []).map(setting).reduce(mergeOptions, own)
}

function priceOption({ amount, per, proxies }: ProxyPrice): NonNullable<CrawlerOptions['prices']>[number] {
  const part = per === 'request' ? 'perRequest' : per === 'month' ? 'perMonth' : 'perGB'
  return { ...(proxies && { proxies }), [part]: amount }
}

/** What a flag of its own says, because it has to be known before the options are. */
const elsewhere: Readonly<Record<string, string>> = {
  proxies: '--proxies',
  state: '--state',
  ca: '--ca',
  preset: '--preset',
  seed: '--seed',
}

/** `a.b=1` → `{ a: { b: 1 } }`; what has dots of its own stands in brackets. Values are JSON, or else the text itself. */
function setting(text: string): CrawlerOptions {
  const [, path, value] = /^((?:[\w-]|\[[^[\]]+\]|\.)+)\s*=(.*)$/s.exec(text.trimStart()) ?? []
  if (path === undefined || value === undefined)
    throw new UsageError(
      "--set takes path=value, such as breaker.run=2 or 'hosts[api.example.com].concurrency=4'.",
    )
  const keys = [...path.matchAll(/\[([^[\]]+)\]|([\w-]+)/g)].map(
    ([, bracketed, plain]) => bracketed ?? plain!,
  )
  const flag = elsewhere[keys[0]!]
  if (flag !== undefined && Object.hasOwn(elsewhere, keys[0]!))
    throw new UsageError(`--set ${keys[0]}: use ${flag}.`)
  return keys.reduceRight<unknown>(
    (inside, key) => ({ [key]: inside }),
    readValue(value.trim()),
  ) as CrawlerOptions
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function parseCost(text: string): number {
  const amount = /^\d+(?:[.,]\d+)?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : Number.NaN
  if (amount > 0) return amount
  throw new InvalidArgumentError(
    'Expected an amount above 0 in the currency of the prices, such as 5 or 0.50.',
  )
}
