import type { RequestLife } from './explanation.ts'

/** Where lives of requests are kept beyond the process. The trap: it is called in the middle of a crawl, and must not wait. */
export interface ExplanationStore {
  /** Keeps a life that is over. Failures are safe when this returns; others a moment later. */
  keep(life: RequestLife): void
  /** Keeps what is known of those under way, each as JSON of its RequestLife, in place of what it was told the last time. */
  underWay(lives: readonly string[]): void
}
