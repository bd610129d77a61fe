import { resolve } from 'node:path'
import type { ConfigLayers } from '../options/config.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { type CrawlFlags, crawlerOptions } from './crawl-flags.ts'
import { fileFrom, readPem } from './files.ts'
import type { Io } from './io.ts'

/**
 * The options of createCrawler that a command line means, with what its files and standard input hold: certificates, and
 * lists of proxies by their places. Throws UsageError when nothing leads out.
 */
export async function readOptions(
  flags: CrawlFlags,
  config: ConfigLayers,
  { env, cwd, stdin }: Pick<Io, 'env' | 'cwd' | 'stdin'>,
  /** Of the environment, that the source's params name. */
  variables: readonly string[] = [],
): Promise<CrawlerOptions> {
  const { ca, proxies } = flags
  const pem = ca === undefined ? undefined : await readPem(resolve(cwd, ca))
  const given = crawlerOptions(flags, env, pem, config, variables)
  if (!proxies) return given
  const { stdinProvider } = await import('../fleet/stdin.ts')
  const defaults = given.proxyScheme && { protocol: given.proxyScheme }
  const places = proxies.map((each) => {
    if (each === '-') return stdinProvider(stdin, defaults && { defaults })
    return fileFrom(cwd, each)
  })
  return { ...given, proxies: places.length === 1 ? places[0]! : places }
}
