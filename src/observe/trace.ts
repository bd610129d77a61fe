import type { Clock } from '../clock.ts'
import type { CrawlerEvents } from '../events.ts'
import { listen, type Observed } from './observed.ts'

/**
 * A crawl, written down: one JSON line for each event, with the milliseconds since the trace began. It holds no secret
 * (labels, URLs, verdicts, times), replays in the simulator, and two runs of one seed there give the same bytes.
 */
export const traceVersion = 1

const traced = [
  'task.accepted',
  'attempt.started',
  'outcome',
  'task.parked',
  'task.settled',
  'proxy.state',
  'host.state',
  'alert',
  'proxies.refreshed',
] as const satisfies readonly (keyof CrawlerEvents)[]

export type TracedEvent = (typeof traced)[number]

export interface TraceHeader {
  readonly trace: typeof traceVersion
  readonly seed: number
  /** Wall-clock time at which it began, ms since the epoch. */
  readonly startedAt: number
  /** Labels of the proxies that were there at the start. */
  readonly proxies: readonly string[]
  /** The crawler's options as far as they are JSON and hold no secret. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface Traceable extends Observed {
  readonly seed: number
  proxies(): readonly { readonly id: string }[]
}

/** Writes every event of `crawler` as a line (without its end) to `write`; returns a function that ends it. */
export function attachTrace(
  crawler: Traceable,
  clock: Clock,
  write: (line: string) => void,
  options: TraceHeader['options'] = {},
): () => void {
  const begun = clock.now()
  const header: TraceHeader = {
    trace: traceVersion,
    seed: crawler.seed,
    startedAt: clock.wall(),
    proxies: crawler.proxies().map(({ id }) => id),
    options,
  }
  write(JSON.stringify(header))
  const stops = traced.map((event) =>
    listen(crawler, event, (payload: object) => {
      const at = Math.round((clock.now() - begun) * 1_000) / 1_000
      write(JSON.stringify({ at, event, ...relative(payload, begun) }))
    }),
  )
  return () => {
    for (const stop of stops) stop()
  }
}

/** Clock times begin with the trace. */
function relative(payload: object, begun: number): object {
  if (!('until' in payload) || typeof payload.until !== 'number') return payload
  return { ...payload, until: payload.until - begun }
}
