/** The public entry point: re-exports only. */
export { createHttpCache, type HttpCache } from './cache/http-cache.ts'
export type { Classifier, ClassifyContext, HostNorm } from './classify/classifier.ts'
export { defineClassifier } from './classify/define.ts'
export { expectLanguage, mustContain } from './classify/expectations.ts'
export type { Clock } from './clock.ts'
export type {
  Crawl,
  CrawlCounts,
  CrawlEnding,
  CrawlOptions,
  CrawlProgress,
  CrawlSummary,
} from './crawl/crawl.ts'
export { Crawler, createCrawler } from './crawler.ts'
export { RegattaError, type RegattaErrorCode } from './errors.ts'
export type * from './events.ts'
export type { FetchInit } from './fetch-request.ts'
export type {
  ParsedProxy,
  ProxyCredentials,
  ProxyEndpoint,
  ProxyProtocol,
  ProxyTags,
} from './fleet/endpoint.ts'
export type { ProxyList, ProxyProvider } from './fleet/provider.ts'
export type * from './frontier/frontier.ts'
export { createMemoryFrontier } from './frontier/memory.ts'
export type { Handle } from './handle.ts'
export { attachLog, createLog } from './observe/log.ts'
export { attachMetrics, metricsFor } from './observe/metrics.ts'
export type { ReputationRow } from './observe/reputation.ts'
export type * from './observe/stats.ts'
export { attachTrace } from './observe/trace.ts'
export type { CrawlerOptions } from './options.ts'
export type * from './outcome.ts'
export { type PresetName, presets } from './presets.ts'
export type { CrawlRequest, FetchRequest, RequestInput } from './request.ts'
export { leastUsed, random, roundRobin, thompson, weighted } from './router/strategies.ts'
export type { CandidateView, Strategy } from './router/strategy.ts'
export type { OwnLease } from './session/proxy-lease.ts'
export type { Session } from './session/session.ts'
export { createCallbackSink } from './sink/callback.ts'
export { createCsvSink } from './sink/csv.ts'
export { createJsonlSink } from './sink/jsonl.ts'
export type { Sink, SinkRecord } from './sink/sink.ts'
export { createSqliteSink } from './sink/sqlite.ts'
export { defineSource } from './source/define.ts'
export type { Page } from './source/page.ts'
export type { SavedBody } from './source/save.ts'
export type { Edge, Output, Source, SourceContext } from './source/source.ts'
export type { BodyFile } from './transport/body-file.ts'
export type { Transport, TransportCall, TransportHandle } from './transport/transport.ts'
