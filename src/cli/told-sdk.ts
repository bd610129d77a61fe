import type { Crawler } from '../face/crawler.ts'

/** Under this name SDKs of OpenTelemetry register what they offer; it is the API's own, for all its versions 1. */
const registered = Symbol.for('opentelemetry.js.api.1')

/**
 * Tells the crawl to an SDK of OpenTelemetry that was started before the command: `node --import ./otel.mjs … crawl …`. Without one
 * nothing is loaded. Returns what ends it.
 */
export async function tellSdk(crawler: Crawler): Promise<(() => void) | undefined> {
  if (!(registered in globalThis)) return undefined
  const { attachOpenTelemetry } = await import('../observe/opentelemetry.ts')
  return attachOpenTelemetry(crawler).detach
}
