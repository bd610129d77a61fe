import type { CrawlOptions } from '../contracts/crawl.ts'
import type { Strategy } from '../contracts/strategy.ts'
import type { Options } from '../options/options.ts'
import { fenceCache } from './cache.ts'
import { fenceClassifier } from './classifier.ts'
import { type Fence, hush } from './fence.ts'
import { fenceFrontier } from './frontier.ts'
import { fenceHostKey } from './host-key.ts'
import { fenceProvider } from './provider.ts'
import { fencePrepare, fenceResolver } from './resolver.ts'
import { fenceSink } from './sink.ts'
import { fenceStrategy } from './strategy.ts'
import { fenceTransport } from './transport.ts'

/** The doors by which the user's own code comes in: the options of the crawler, and those of a crawl. */

/** The same options, with everything in them wrapped that is called. A clock is looked at when the options are parsed. */
export function fenceOptions(options: Options, fence: Fence): Options {
  const {
    classifiers,
    strategy,
    hosts,
    hostKey,
    resolveChallenge,
    prepareRequest,
    transport,
    record,
    cache,
    proxies,
  } = options
  return {
    ...options,
    classifiers: classifiers.map((own) => fenceClassifier(own, `Classifier "${own.name}"`, fence)),
    strategy: strategyOf(strategy, fence),
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([pattern, entry]) => [
        pattern,
        entry.strategy === undefined ? entry : { ...entry, strategy: strategyOf(entry.strategy, fence) },
      ]),
    ),
    hostKey: typeof hostKey === 'function' ? fenceHostKey(hostKey, fence) : hostKey,
    ...(resolveChallenge && { resolveChallenge: fenceResolver(resolveChallenge, fence) }),
    ...(prepareRequest && { prepareRequest: fencePrepare(prepareRequest, fence) }),
    ...(transport && { transport: fenceTransport(transport, fence) }),
    ...(record && { record: fenceRecord(record, fence) }),
    ...(cache && { cache: fenceCache(cache, fence) }),
    ...(proxies !== undefined && { proxies: proxiesOf(proxies, fence) }),
  }
}

export function fenceCrawlOptions(options: CrawlOptions, fence: Fence): CrawlOptions {
  const { sinks, cache, frontier } = options
  return {
    ...options,
    ...(sinks && { sinks: sinks.map(fenceSink) }),
    ...(cache && { cache: fenceCache(cache, fence) }),
    ...(frontier && { frontier: fenceFrontier(frontier) }),
  }
}

/** What cannot keep an exchange has lost that one. */
function fenceRecord(own: NonNullable<Options['record']>, fence: Fence): NonNullable<Options['record']> {
  const threw = (error: unknown) => fence.threw('record', error, 'The exchange is not recorded.')
  return (exchange, proxy) => {
    try {
      hush(own(exchange, proxy), threw)
    } catch (error) {
      threw(error)
    }
  }
}

function strategyOf<Name extends string>(strategy: Name | Strategy, fence: Fence): Name | Strategy {
  return typeof strategy === 'string' ? strategy : fenceStrategy(strategy, fence)
}

function proxiesOf(proxies: NonNullable<Options['proxies']>, fence: Fence): NonNullable<Options['proxies']> {
  if (typeof proxies === 'string' || 'from' in proxies) return proxies
  if ('load' in proxies) return fenceProvider(proxies, fence)
  const entries = proxies.map((each) =>
    typeof each === 'string' || 'from' in each ? each : fenceProvider(each, fence),
  )
  return entries as typeof proxies
}
