import { UsageError } from './command-failure.ts'
import { crawlCommand } from './crawl.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import type { ExitCode, Io } from './io.ts'

/**
 * `regatta record`: a crawl that also writes down what the sites have answered. It keeps no state unless one is named, as a crawl
 * that goes on would not ask again for what it has.
 */
export async function recordCommand(target: string, flags: CrawlFlags, io: Io): Promise<ExitCode> {
  const [record, ...more] = (flags.out ?? []).filter(isHar)
  if (record === undefined) throw new UsageError('record needs --out FILE.har: where the answers go.')
  if (more.length > 0) throw new UsageError('record writes one recording: give one --out FILE.har.')
  const out = flags.out?.filter((to) => !isHar(to)) ?? []
  return crawlCommand(target, { ...flags, out, record, state: flags.state ?? false }, io)
}

function isHar(path: string): boolean {
  return /\.har$/i.test(path)
}
