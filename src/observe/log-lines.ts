import type { Clock } from '../base/clock.ts'
import { counted, formatDuration } from '../base/format.ts'
import { redact } from '../base/redact.ts'
import type { RequestDead, RequestDone, RequestSkipped } from '../contracts/crawl-events.ts'
import type {
  HostPaused,
  HostState,
  OutcomeEvent,
  ProxiesRefreshed,
  ProxyState,
  RequestWaits,
  TaskParked,
  TaskSettled,
  TrustJudged,
} from '../contracts/events.ts'

/** What the log says of each event, in a line for people: the host in front, in brackets, and no secret. */
export class Lines {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An event whose texts may be read by anybody. */
  static redacted<Event>(event: Event): Event {
    return withoutSecrets(event, 0) as Event
  }

  hostState({ host, from, to, reason, until }: HostState): string {
    return `[${host}] ${from} → ${to}: ${reason}${this.#until(until)}`
  }

  hostPaused({ host, isPaused }: HostPaused): string {
    return `[${host}] ${isPaused ? 'paused' : 'resumed'} by hand`
  }

  proxyState({ host, proxy, from, to, reason, until }: ProxyState): string {
    const place = host === undefined ? '' : `[${host}] `
    const why = reason === '' ? '' : `: ${reason}`
    return `${place}${proxy} ${from} → ${to}${why}${this.#until(until)}`
  }

  /** What exits said of a page, where they do not agree. */
  judged({ host, url, exits, deviants }: TrustJudged): string {
    const others = deviants.map(({ proxy, keys }) => `${proxy} says otherwise (${keys.join(', ')})`)
    const what = deviants.length === 0 ? `${exits.join(', ')} contradict each other` : others.join('; ')
    return `[${host}] ${what}: ${url}`
  }

  refreshed({ provider, total, added, removed, renewed }: ProxiesRefreshed): string {
    const changed = renewed > 0 ? `, ${renewed} changed` : ''
    return `${provider}: ${counted(total, 'proxy', 'proxies')}, ${added} added, ${removed} removed${changed}`
  }

  dead({ host, url, detail, code }: RequestDead): string {
    return `[${host}] gave up ${url}: ${detail} (${code})`
  }

  skipped({ host, url, detail, reason }: RequestSkipped): string {
    return `[${host}] skipped ${url}: ${detail} (${reason})`
  }

  outcome({ host, proxy, verdict, reason, elapsedMs, won, url }: OutcomeEvent): string {
    return `[${host}] ${proxy} ${verdict} (${reason}) in ${formatDuration(elapsedMs)}${won ? ', won' : ''}: ${url}`
  }

  done({ host, status, url, via, items, links }: RequestDone): string {
    return `[${host}] ${status} ${url} via ${via}: ${counted(items, 'item')}, ${counted(links, 'link')}`
  }

  settled({ host, task, ok, verdict, reason, attempts, elapsedMs }: TaskSettled): string {
    const end = ok ? 'answered' : 'ended without an answer'
    return `[${host}] ${task} ${end} (${verdict}: ${reason}) after ${counted(attempts, 'attempt')} in ${formatDuration(elapsedMs)}`
  }

  /** For a proxy, or for something else: that may be before its host has a pool. */
  waits({ task, reason, until, ...event }: TaskParked | RequestWaits): string {
    const place = 'host' in event ? `[${event.host}] ` : ''
    return `${place}${task} waits: ${reason}${this.#until(until)}`
  }

  #until(at: number | undefined): string {
    return at === undefined ? '' : `, for ${formatDuration(Math.max(0, at - this.#clock.now()))}`
  }
}

/** Events are plain data, a few levels deep. */
const deepest = 4

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null || depth > deepest) return value
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withoutSecrets(each, depth + 1)]),
  )
}
