import type { ParsedProxy } from './endpoint.ts'
import type { ProxyFilter } from './proxy-filter.ts'

/**
 * Where proxies come from. `load` returns the whole list each time it is called, never a difference; the fleet compares.
 * The trap: an empty or shrunken list is more often a provider's fault than the truth, so the fleet, not the provider,
 * decides whether to believe it.
 */
export interface ProxyProvider {
  /** For messages: a path, an origin, `array`, `PROXY_POOL`. Never a credential. */
  readonly name: string
  /** Whether the user wrote the entries: then private and loopback addresses are allowed. */
  readonly trusted: boolean
  /** Whether the user edits the entries while we run (a file): then a list of less than half is meant, not a fault. */
  readonly edited?: boolean
  /** Only those of its proxies that pass are used; of several filters, all of them. Default: all. */
  readonly use?: ProxyFilter | readonly ProxyFilter[]
  /** The whole list as it is now. Rejects with a RegattaError that names the provider. */
  load(signal: AbortSignal): Promise<ProxyList>
  /** Calls `changed` whenever `load` would return something new; returns a function that stops it. */
  watch?(changed: () => void): () => void
}

/** What a provider has. */
export interface ProxyList {
  /** Those that can be used, each once. */
  readonly proxies: readonly ParsedProxy[]
  /** Entries seen twice and dropped. */
  readonly duplicates: number
  /** Entries that could not be used: `line 7: port 99999 is not in 1–65535`. */
  readonly rejected: readonly string[]
}
