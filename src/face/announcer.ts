import { EventEmitter } from 'eventemitter3'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { Audience } from '../engine/telling.ts'

/** Typed events, and one rule: a listener that throws must not reach into the engine that told it. */
export class Announcer implements Audience {
  readonly #emitter = new EventEmitter<CrawlerEvents>()

  /** Calls the listener at each such event. A listener that throws becomes an alert. */
  on<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    this.#emitter.on(event, listener as never)
    return this
  }

  /** Calls the listener at the next such event only. */
  once<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    this.#emitter.once(event, listener as never)
    return this
  }

  /** Ends what `on` or `once` began. */
  off<Name extends keyof CrawlerEvents>(
    event: Name,
    listener: (...payload: CrawlerEvents[Name]) => void,
  ): this {
    this.#emitter.off(event, listener as never)
    return this
  }

  /** Whether anybody listens to this event. For parts of the crawler. */
  isHeard(event: keyof CrawlerEvents): boolean {
    return this.#emitter.listenerCount(event) > 0
  }

  /** Tells the listeners of an event. For parts of the crawler. */
  announce<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void {
    try {
      this.#emitter.emit(event, ...(payload as never))
    } catch (error) {
      const message = `A listener of "${event}" threw: ${String(error)}`
      if (event !== 'alert') this.announce('alert', { code: 'INTERNAL', message })
    }
  }
}
