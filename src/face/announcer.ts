import { EventEmitter } from 'eventemitter3'
import { redact } from '../base/redact.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { Audience } from '../contracts/audience.ts'
import { type CrawlerEvents, eventNames } from '../contracts/events.ts'
import { Fence, hush } from '../fences/fence.ts'
import { EventStream, type EventStreamOptions } from './event-stream.ts'

type Listener = (...payload: never[]) => unknown

/** Alerts that are kept for the first listener, the latest. */
const mostMissed = 20

/** Typed events, and one rule: a listener that throws must not reach into the engine that told it, or the next listener. */
export class Announcer implements Audience {
  /** Tells once what something of the user's own did wrong. */
  protected readonly fence = new Fence((message) =>
    this.announce('alert', { code: 'EXTENSION_FAILED', message }),
  )
  readonly #emitter = new EventEmitter<CrawlerEvents>()
  /** Alerts that nobody has heard when they came: a crawler is opened before anyone can listen to it. */
  readonly #missed: CrawlerEvents['alert'][] = []
  /** Who has been told of them. */
  readonly #caughtUp = new WeakSet<Listener>()
  /** What stands for a listener at its event. */
  readonly #fenced = new Map<keyof CrawlerEvents, WeakMap<Listener, Listener>>()

  readonly #streams = new Set<EventStream>()

  /** Calls the listener at each such event. One that throws, or whose promise is rejected, becomes an alert, once. */
  on<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    const fenced = this.#fence(event, listener)
    this.#emitter.on(event, fenced as never)
    if (event === 'alert') this.#catchUp(fenced)
    return this
  }

  /** Calls the listener at the next such event only. */
  once<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    const fenced = this.#fence(event, listener)
    this.#emitter.once(event, fenced as never)
    if (event === 'alert') this.#catchUp(fenced, { once: true })
    return this
  }

  /** Ends what `on` or `once` began. */
  off<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    this.#emitter.off(event, this.#fence(event, listener) as never)
    return this
  }

  /** Whether anybody listens to this event. For parts of the crawler. */
  isHeard(event: keyof CrawlerEvents): boolean {
    if (this.#emitter.listenerCount(event) > 0) return true
    if (this.#streams.size === 0) return false
    for (const stream of this.#streams) if (stream.wants(event)) return true
    return false
  }

  /** Tells the listeners of an event. For parts of the crawler. */
  announce<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void {
    const told = event === 'alert' || event === 'log' ? payload.map(withoutSecrets) : payload
    let isHeard = false
    if (this.#streams.size > 0) isHeard = this.#tellStreams(event, told[0]!)
    if (!this.#emitter.emit(event, ...(told as never)) && !isHeard && event === 'alert')
      this.#missed.push(told as never)
    if (this.#missed.length > mostMissed) this.#missed.shift()
  }

  /** A stream of its own for one reader, from now on. */
  protected openStream(options: EventStreamOptions, clock: { now(): number; wall(): number }): EventStream {
    const stream = new EventStream(options, clock, (closed) => this.#streams.delete(closed))
    this.#streams.add(stream)
    if (stream.wants('alert')) for (const [alert] of this.#missed) stream.push('alert', alert)
    return stream
  }

  /** No more events come. */
  protected endStreams(): void {
    for (const stream of this.#streams) stream.end()
    this.#streams.clear()
  }

  #tellStreams(event: keyof CrawlerEvents, payload: object): boolean {
    let isHeard = false
    for (const stream of this.#streams) {
      if (!stream.wants(event)) continue
      isHeard = true
      stream.push(event, payload)
    }
    return isHeard
  }

  /**
   * Each who listens is told what nobody has heard, not the first alone: a log or a counter that is attached before must not
   * take it from those who show it. Later in the same turn, so that the caller may hold what `on` returns.
   */
  #catchUp(listener: Listener, { once = false } = {}): void {
    if (this.#missed.length === 0 || this.#caughtUp.has(listener)) return
    this.#caughtUp.add(listener)
    const missed = [...this.#missed]
    const tell = listener as (...payload: CrawlerEvents['alert']) => unknown
    queueMicrotask(() => {
      for (const payload of missed) {
        if (!this.#emitter.listeners('alert').includes(listener as never)) return
        if (once) this.#emitter.off('alert', listener as never)
        tell(...payload)
      }
    })
  }

  #fence(event: keyof CrawlerEvents, listener: Listener): Listener {
    assertArgument(eventNames.includes(event), 'on()', 'event', `one of ${eventNames.join(', ')}`, event)
    assertArgument(
      typeof listener === 'function',
      `on(${event})`,
      'listener',
      'a function of the event',
      listener,
    )
    const known = this.#fenced.get(event) ?? new WeakMap<Listener, Listener>()
    this.#fenced.set(event, known)
    const fenced = known.get(listener) ?? fenceListener(event, listener, this.fence)
    known.set(listener, fenced)
    return fenced
  }
}

/** Sentences for people, in which a message of somebody else's may stand. */
function withoutSecrets<Payload>(payload: Payload): Payload {
  const { message } = payload as { readonly message: string }
  const shown = redact(message)
  return shown === message ? payload : { ...payload, message: shown }
}

function fenceListener(event: string, listener: Listener, fence: Fence): Listener {
  const threw = (error: unknown) => fence.threw(`A listener of "${event}"`, error, 'The crawler goes on.')
  return (...payload) => {
    try {
      hush(listener(...payload), threw)
    } catch (error) {
      threw(error)
    }
  }
}
