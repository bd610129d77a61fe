/** Traces and metrics of a crawler through OpenTelemetry: `regatta/opentelemetry`. Needs `@opentelemetry/api`, which any SDK brings. */

import '../contracts/needs-node.ts'
import {
  createNoopMeter,
  type MeterProvider,
  metrics as metricsApi,
  ProxyTracerProvider,
  type TracerProvider,
  trace as traceApi,
} from '@opentelemetry/api'
import { type Clock, systemClock } from '../base/clock.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import { wireMetrics } from './metric-wiring.ts'
import { assertCrawler, type Observed } from './observed.ts'
import { recordDurations } from './opentelemetry/durations.ts'
import { instrumentsOf } from './opentelemetry/instruments.ts'
import { recordSpans } from './opentelemetry/spans.ts'

/**
 * A crawler, told to OpenTelemetry: its metrics as `crawler.*`, and beside them what the stable conventions for HTTP clients ask
 * for, a span for each attempt and `http.client.request.duration`. It speaks to the API alone; where the data goes is the SDK's
 * matter. Without an SDK nothing is listened to, so it costs nothing. Nothing is sent to the sites: a trace is nobody's business
 * but its owner's, and a header that no browser sends gives a crawler away.
 */
export interface OpenTelemetryOptions {
  /** Where spans go. Default: the one that the SDK has registered; without one there are no spans. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Where metrics go. Default: the one that the SDK has registered; without one there are no metrics. */
  readonly meterProvider?: MeterProvider | undefined
  /**
   * So many hosts, the first that come, are `server.address` of `http.client.request.duration`; all others are `_OTHER`, since a
   * crawl meets a million hosts and each is a time series for ever. 0 names none. Default 64.
   */
  readonly namedHosts?: number | undefined
  /** Dates the spans. Default: the clock of this machine. */
  readonly clock?: Clock | undefined
}

/** What is told to OpenTelemetry, while it is. */
export interface OpenTelemetryAttachment {
  /** Whether there are spans. */
  readonly hasSpans: boolean
  /** Whether there are metrics. */
  readonly hasMetrics: boolean
  /** Ends it. Spans that are open are ended. */
  detach(): void
}

const scope = 'regatta'

/** Tells `crawler` to the SDK. Start the SDK first, as its own documentation says. Several crawlers may be told at once. */
export function attachOpenTelemetry(
  crawler: Observed,
  options: OpenTelemetryOptions = {},
): OpenTelemetryAttachment {
  assertCrawler(crawler, 'attachOpenTelemetry()')
  assertArgument(isOptions(options), 'attachOpenTelemetry()', 'options', 'an object', options)
  const { tracerProvider = registeredTracers(), meterProvider = registeredMeters() } = options
  const { namedHosts = 64, clock = systemClock } = options
  const isCount = Number.isInteger(namedHosts) && namedHosts >= 0 && namedHosts <= 10_000
  assertArgument(
    isCount,
    'attachOpenTelemetry()',
    'namedHosts',
    'a whole number from 0 to 10,000',
    namedHosts,
  )
  const stops: (() => void)[] = []
  if (tracerProvider) stops.push(recordSpans(crawler, tracerProvider.getTracer(scope), clock))
  if (meterProvider) {
    const meter = meterProvider.getMeter(scope)
    const { instruments, end } = instrumentsOf(meter)
    stops.push(wireMetrics(crawler, instruments), end, recordDurations(crawler, meter, namedHosts))
  }
  return {
    hasSpans: tracerProvider !== undefined,
    hasMetrics: meterProvider !== undefined,
    detach() {
      for (const stop of stops.splice(0)) stop()
    },
  }
}

function registeredTracers(): TracerProvider | undefined {
  const provider = traceApi.getTracerProvider()
  const isEmpty = provider instanceof ProxyTracerProvider && provider.getDelegateTracer(scope) === undefined
  return isEmpty ? undefined : provider
}

function registeredMeters(): MeterProvider | undefined {
  const provider = metricsApi.getMeterProvider()
  return provider.getMeter(scope) === createNoopMeter() ? undefined : provider
}
