import { RegattaError } from '../contracts/errors.ts'
import type { Crawler } from '../face/crawler.ts'
import { UsageError } from './command-failure.ts'
import type { Io } from './io.ts'

/**
 * `regatta crawl --inspect[=PORT]`: opens the bridge to inspectors (src/observe/serve-inspector.ts) and says how to reach
 * it, also with --quiet: nobody could connect without the token. Returns what closes it.
 */
export async function openBridge(
  crawler: Crawler,
  port: number | true,
  { clock, stderr }: Pick<Io, 'clock' | 'stderr'>,
): Promise<() => Promise<void>> {
  const { serveInspector } = await import('../observe/serve-inspector.ts')
  try {
    const bridge = await serveInspector(crawler, { port: port === true ? 0 : port, clock })
    stderr.write(`Inspectors connect to ${bridge.socket}\n`)
    stderr.write(`In a browser: ${bridge.page} (Stately's page, which is loaded from the internet)\n`)
    return () => bridge.close()
  } catch (error) {
    if (!(error instanceof RegattaError)) throw error
    throw new UsageError(error.message.replace('serveInspector(): ', '--inspect: '))
  }
}
