import { RegattaError } from '../contracts/errors.ts'
import type { Crawler } from '../face/crawler.ts'
import { UsageError } from './command-failure.ts'
import type { Io } from './io.ts'
import type { Address } from './values.ts'

/**
 * `regatta crawl --metrics 9464`: serves the crawler's metrics, and the process' own, to Prometheus. The port is opened before
 * anything else is done, so that one that is taken is told at once, and a proxy list that loads slowly is no missing target.
 */
export interface MetricsEndpoint {
  /** Counts what the crawler does from now on. */
  attach(crawler: Crawler): void
  close(): Promise<void>
}

/** Gauges that are named like counters: Prometheus' own checks complain. */
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

export async function openMetrics(
  { host, port }: Address,
  { stderr, isQuiet }: Pick<Io, 'stderr'> & { readonly isQuiet: boolean },
): Promise<MetricsEndpoint> {
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const { attachMetrics } = await import('../observe/metrics.ts')
  const { serveMetrics } = await import('../observe/serve-metrics.ts')
  const registry = new Registry()
  try {
    const server = await serveMetrics(registry, { host, port })
    collectDefaultMetrics({ register: registry })
    for (const name of misnamed) registry.removeSingleMetric(name)
    // A port that was not chosen is known from here alone.
    if (!isQuiet || port === 0) stderr.write(`Metrics at ${server.url}\n`)
    let detach: (() => void) | undefined
    return {
      attach: (crawler) => {
        detach = attachMetrics(crawler, { registry }).detach
      },
      async close() {
        detach?.()
        await server.close()
      },
    }
  } catch (error) {
    if (!(error instanceof RegattaError)) throw error
    throw new UsageError(error.message.replace('serveMetrics(): ', '--metrics: '))
  }
}
