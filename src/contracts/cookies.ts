/**
 * The cookies of one visitor. The sender of a request asks for them hop by hop, because each URL of a chain of redirects
 * has its own, and a hop may set what the next one must show. The trap: values are secrets, so they stand in no message.
 */
export interface Cookies {
  /** The `Cookie` header of a request to this URL; undefined when there is none to send. */
  headerFor(url: string): string | undefined
  /** Takes the `Set-Cookie` lines of an answer from this URL. True when at least one of them changed something. */
  take(url: string, lines: readonly string[]): boolean
}
