import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { counted } from '../base/format.ts'
import type { Transport } from '../contracts/transport.ts'
import { UsageError } from './command-failure.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import type { Io } from './io.ts'
import { printable } from './terminal/cells.ts'

/**
 * A crawl that asks nobody: its answers come out of a recording (`--replay`) or out of the cache (`--offline`). It is a trial of a
 * source, run again and again, so it keeps no state unless one is named: it must not go on with the real crawl.
 */
type TrialFlags = Pick<CrawlFlags, 'offline' | 'replay' | 'cache' | 'state' | 'record' | 'quiet'>

export function isTrial({ offline, replay }: TrialFlags): boolean {
  return offline === true || replay !== undefined
}

/** Throws UsageError. */
export function assertTrialFlags({ offline, replay, cache, record }: TrialFlags, cwd: string): void {
  if (offline && cache === undefined && replay === undefined)
    throw new UsageError('--offline needs something to answer from: --cache FILE, or --replay FILE.har.')
  if (replay !== undefined && cache !== undefined)
    throw new UsageError('Give --replay or --cache, not both: a recording would fill the cache.')
  if (offline && cache !== undefined && !existsSync(resolve(cwd, cache)))
    throw new UsageError(`There is no cache at ${cache}: crawl once with --cache and without --offline.`)
  if (record === undefined) return
  if (offline || replay !== undefined || cache !== undefined)
    throw new UsageError(
      'record keeps what comes over the network: leave out --cache, --offline and --replay.',
    )
}

/** The transport of `--replay`. Tells what is in the files; throws HAR_INVALID. */
export async function openReplay(
  { replay = [], quiet }: TrialFlags,
  { cwd, stderr, clock }: Pick<Io, 'cwd' | 'stderr' | 'clock'>,
): Promise<Transport> {
  const { readHarFile } = await import('../har/har-file.ts')
  const { createReplay } = await import('../har/replay.ts')
  const archives = replay.map((file) => readHarFile(resolve(cwd, file)))
  if (archives.every(({ exchanges }) => exchanges.length === 0))
    throw new UsageError(`There is no answer in ${replay.join(', ')}${firstReason(archives)}.`)
  for (const { name, exchanges, leftOut } of archives) {
    const none = leftOut.length === 1 ? '1 entry holds none' : `${leftOut.length} entries hold none`
    const without = leftOut.length === 0 ? '' : `; ${none}${firstReason([{ leftOut }])}`
    const answers = counted(exchanges.length, 'answer')
    if (!quiet) stderr.write(`${printable(`replay    ${name}: ${answers}${without}`)}\n`)
  }
  return createReplay(archives, { clock })
}

function firstReason(
  archives: readonly { readonly leftOut: readonly { reason: string; url: string }[] }[],
): string {
  const first = archives.flatMap(({ leftOut }) => leftOut)[0]
  return first ? ` (of ${first.url.slice(0, 100)}: ${first.reason})` : ''
}
