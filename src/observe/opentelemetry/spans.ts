import {
  type Attributes,
  type Context,
  context as contextApi,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace as traceApi,
} from '@opentelemetry/api'
import type { Clock } from '../../base/clock.ts'
import type { AttemptReason, OutcomeEvent, TaskAccepted, TaskSettled } from '../../contracts/events.ts'
import { listen, type Observed } from '../observed.ts'
import { endOf, methodOf, nameOf, targetOf } from './http-attributes.ts'

/**
 * A span for each request (a task), and below it a CLIENT span for each attempt: hedges lie beside each other, failures behind
 * each other. A fetch belongs to the trace in which it was called. A page of a crawl begins a trace of its own, with a link to
 * where the crawl was started: a trace of a million pages can be read by nobody.
 */
export function recordSpans(crawler: Observed, tracer: Tracer, clock: Clock): () => void {
  const open = new Map<string, OpenTask>()
  const stops = [
    listen(crawler, 'task.accepted', (event) => {
      const span = startTask(tracer, event, clock.wall())
      // A trace that was not sampled has nothing below it.
      if (span.isRecording()) open.set(event.task, { span, below: traceApi.setSpan(ROOT_CONTEXT, span) })
      else span.end()
    }),
    listen(crawler, 'attempt.started', ({ task, attempt, why }) => {
      const found = open.get(task)
      if (found) found.why = { attempt, reason: why, before: found.why }
    }),
    listen(crawler, 'task.parked', ({ task, reason }) =>
      open.get(task)?.span.addEvent('crawler.parked', { 'crawler.reason': reason }, clock.wall()),
    ),
    listen(crawler, 'task.redirected', ({ task, to }) =>
      open
        .get(task)
        ?.span.addEvent('crawler.redirected', { 'url.full': targetOf(to)?.full ?? '' }, clock.wall()),
    ),
    listen(crawler, 'outcome', (event) => {
      const found = open.get(event.task)
      if (found) recordAttempt(tracer, event, found, clock.wall())
    }),
    listen(crawler, 'task.settled', (event) => {
      const found = open.get(event.task)
      open.delete(event.task)
      if (found) endTask(found.span, event, clock.wall())
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    for (const { span } of open.values()) span.end(clock.wall())
    open.clear()
  }
}

interface OpenTask {
  readonly span: Span
  /** What its attempts are below. */
  readonly below: Context
  /** Why its attempts were started, the latest first. */
  why?: Why | undefined
}

interface Why {
  readonly attempt: number
  readonly reason: AttemptReason
  readonly before: Why | undefined
}

function startTask(tracer: Tracer, event: TaskAccepted, startTime: number): Span {
  const { task, crawl, request, url, method, host, isAudit } = event
  const caller = contextApi.active()
  const callerSpan = traceApi.getSpanContext(caller)
  const isOfCrawl = crawl !== undefined || isAudit === true
  const attributes: Attributes = {
    ...httpAttributes(method, url),
    'crawler.task': task,
    'crawler.host': host,
    ...(crawl !== undefined && { 'crawler.crawl': crawl }),
    ...(request !== undefined && { 'crawler.request': request }),
    ...(isAudit && { 'crawler.audit': true }),
  }
  const links = isOfCrawl && callerSpan ? [{ context: callerSpan }] : []
  const options = { kind: SpanKind.INTERNAL, startTime, attributes, links }
  return tracer.startSpan('crawler.request', options, isOfCrawl ? ROOT_CONTEXT : caller)
}

function endTask(span: Span, { ok, verdict, reason, attempts, hedges }: TaskSettled, endTime: number): void {
  span.setAttributes({
    'crawler.verdict': verdict,
    'crawler.reason': reason,
    'crawler.attempts': attempts,
    'crawler.hedges': hedges,
  })
  // A comparison that found nobody to compare with has not failed: its own answer was good.
  if (!ok && verdict !== 'success') {
    span.setAttribute('error.type', reason)
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
  }
  span.end(endTime)
}

/** It has ended: its beginning is told with its end. */
function recordAttempt(tracer: Tracer, event: OutcomeEvent, task: OpenTask, endTime: number): void {
  const { attempt, proxy, verdict, reason, bytes, won, elapsedMs, method, url } = event
  const end = endOf(event)
  const why = whyOf(task, attempt)
  const attributes: Attributes = {
    ...httpAttributes(method, url),
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    ...end,
    'crawler.proxy': proxy,
    'crawler.verdict': verdict,
    'crawler.reason': reason,
    'crawler.bytes': bytes,
    'crawler.won': won,
    ...(why !== undefined && { 'crawler.attempt.why': why }),
  }
  const options = { kind: SpanKind.CLIENT, startTime: endTime - elapsedMs, attributes }
  const span = tracer.startSpan(nameOf(method), options, task.below)
  // One that others have outrun, or that we ended ourselves, has not failed.
  if (end['error.type'] !== undefined && verdict !== 'neutral') span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(endTime)
}

function whyOf({ why }: OpenTask, attempt: number): AttemptReason | undefined {
  for (let each = why; each; each = each.before) if (each.attempt === attempt) return each.reason
  return undefined
}

function httpAttributes(method: string, url: string): Attributes {
  const target = targetOf(url)
  const known = methodOf(method)
  return {
    'http.request.method': known,
    ...(known !== method && { 'http.request.method_original': method }),
    ...(target && {
      'url.full': target.full,
      'url.scheme': target.scheme,
      'server.address': target.address,
      'server.port': target.port,
    }),
  }
}
