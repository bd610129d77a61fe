/**
 * The public entry point: re-exports only, and no more than a fetch and a crawl need. Whatever stands here is loaded by
 * everybody, so sinks are in `regatta/sinks`, places of proxies in `regatta/providers`, logs, metrics and traces in
 * `regatta/observe`, and what only plugins use in `regatta/source`.
 */

import './contracts/needs-node.ts'

export { type Clock, systemClock } from './base/clock.ts'
export { createHttpCache, type HttpCache } from './cache/http-cache.ts'
export { defineClassifier } from './classify/define-classifier.ts'
export { expectLanguage, mustContain } from './classify/expectations.ts'
export type { Accept, Acceptance } from './contracts/acceptance.ts'
export type { BodyFile } from './contracts/body-file.ts'
export type { Classifier, ClassifyContext, HostNorm } from './contracts/classifier.ts'
export type { Cookies } from './contracts/cookies.ts'
export type {
  Crawl,
  CrawlCounts,
  CrawlEnding,
  CrawlOptions,
  CrawlProgress,
  CrawlStage,
  CrawlSummary,
  GivenUp,
  LeftOut,
  RetriedLetters,
  RunSpending,
} from './contracts/crawl.ts'
export type * from './contracts/crawl-events.ts'
export type { PageDocument, PageForm, PageHeading, PageMeta } from './contracts/document.ts'
export type {
  ParsedProxy,
  ProxyCredentials,
  ProxyEndpoint,
  ProxyProtocol,
  ProxyTags,
} from './contracts/endpoint.ts'
export type {
  Problem,
  RegattaErrorCode,
  RegattaErrorValues,
  SinkFailure,
  StateFailure,
  TaskFailure,
} from './contracts/error-values.ts'
export { RegattaError } from './contracts/errors.ts'
export type * from './contracts/events.ts'
export type * from './contracts/explanation.ts'
export type { Form, FormRequest, FormValues } from './contracts/form.ts'
export type * from './contracts/frontier.ts'
export type * from './contracts/inspection.ts'
export type { ItemArguments, ItemOfKind, ItemSchemas, ItemValue } from './contracts/item-kinds.ts'
export type * from './contracts/outcome.ts'
export type { OwnLease } from './contracts/own-lease.ts'
export type {
  Address,
  FollowArguments,
  FollowTarget,
  Page,
  PageLink,
  PageLinks,
  SavedBody,
  SkipDetails,
} from './contracts/page.ts'
export type { ProxyList, ProxyProvider } from './contracts/provider.ts'
export type { ProxyFilter, ProxyUse } from './contracts/proxy-filter.ts'
export type { ProxyMap, ProxyPages, ProxySource } from './contracts/proxy-source.ts'
export type {
  CarryingRequest,
  CrawlRequest,
  FetchRequest,
  LabelledRequest,
  RequestInput,
  UnlabelledRequest,
} from './contracts/request.ts'
export type { Schema } from './contracts/schema.ts'
export type { Delivery, Retraction, Sink, SinkRecord } from './contracts/sink.ts'
export type { Edge, Output, Source, SourceContext } from './contracts/source.ts'
export type {
  BeginningSession,
  Credentials,
  SessionFetch,
  SessionPass,
  SourceFetch,
  SourceSessions,
} from './contracts/source-session.ts'
export type * from './contracts/spending.ts'
export type * from './contracts/stats.ts'
export type { CandidateView, Strategy } from './contracts/strategy.ts'
export type { Transport, TransportCall, TransportHandle, TransportLimits } from './contracts/transport.ts'
export type { TrapOptions } from './contracts/trap-options.ts'
export type {
  DeviantExit,
  HeldFor,
  Judgement,
  Standing,
  Trust,
  TrustCounts,
  TrustFinding,
  TrustLevel,
} from './contracts/trust.ts'
export type { Dashboard, DashboardOptions } from './dashboard/serve-dashboard.ts'
export { type CrawlArguments, Crawler, createCrawler } from './face/crawler.ts'
export type { EventStream, EventStreamOptions } from './face/event-stream.ts'
export type { FetchInit } from './face/fetch-request.ts'
export type { TrustedResponse } from './face/fetched-response.ts'
export type { Handle } from './face/handle.ts'
export type { Session } from './face/session.ts'
export { createMemoryFrontier } from './frontier/memory.ts'
export { type Config, defineConfig } from './options/config.ts'
export type { CrawlerOptions } from './options/options.ts'
export { type PresetName, presets } from './options/presets.ts'
export { leastUsed, random, roundRobin, thompson, weighted } from './router/strategies.ts'
export { type DefinedSource, defineSource, type SourceDefinition } from './source/define-source.ts'
export { readForm } from './source/form.ts'
export {
  type BarePageOptions,
  createPage,
  type PageInput,
  type PageOptions,
} from './source/make-page.ts'
