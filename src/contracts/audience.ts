import type { CrawlerEvents } from './events.ts'

/** Where events go. */
export interface Audience {
  /** Whether anybody listens to this event: nothing is built for nobody. */
  isHeard(event: keyof CrawlerEvents): boolean
  /** Hands an event to its listeners. */
  announce<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void
}
