import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { FoundSource } from '../source/registry.ts'
import { digestOfParams } from '../state/crawl-record.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { UsageError } from './failure.ts'
import { writeWhole } from './files.ts'

/**
 * Where the command line keeps a crawl, and the command it was begun with, so that `regatta resume` needs the folder and
 * nothing else. What may be a secret (headers, proxies with a password) is left out, and must be given again.
 */
export interface CrawlState {
  readonly dir: string
  /** Of the crawl's file in it. */
  readonly name: string
}

const folder = '.regatta'

/** `.regatta/NAME` unless `--state` says where, or `--no-state` that nothing is kept. */
export function stateOf(
  target: string,
  { source }: FoundSource,
  params: unknown,
  { state }: Pick<CrawlFlags, 'state'>,
  cwd: string,
): CrawlState | undefined {
  if (state === false) return undefined
  const host = /^https?:/i.test(target) ? URL.parse(target)?.host : undefined
  const slug = (host ?? source.name).toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')
  const name = `${slug.replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'crawl'}-${digestOfParams(params).slice(0, 8)}`
  return { dir: resolve(cwd, typeof state === 'string' ? state : join(folder, name)), name }
}

const commandSchema = z.object({
  version: z.literal(1),
  target: z.string(),
  cwd: z.string(),
  flags: z.record(z.string(), z.unknown()),
  /** Flags that were left out. */
  again: z.array(z.string()),
})

export type StoredCommand = z.infer<typeof commandSchema>

const file = 'command.json'

export async function writeCommand(
  dir: string,
  command: { target: string; flags: CrawlFlags; cwd: string },
): Promise<void> {
  const { header, proxies, fresh: _fresh, ...rest } = command.flags
  const isSecret = proxies !== undefined && /:\/\/[^/]*@|[?&=]/.test(proxies)
  const again = [
    ...(header === undefined ? [] : ['--header']),
    ...(isSecret || proxies === '-' ? ['--proxies'] : []),
  ]
  const flags = { ...rest, ...(proxies === undefined || again.includes('--proxies') ? {} : { proxies }) }
  const text = JSON.stringify({ version: 1, target: command.target, cwd: command.cwd, flags, again }, null, 2)
  await writeWhole(join(dir, file), `${text}\n`)
}

/** Throws UsageError when the folder holds no crawl of the command line. */
export async function readCommand(dir: string): Promise<StoredCommand> {
  const path = join(dir, file)
  try {
    return commandSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new UsageError(
      isMissing
        ? `${dir} holds no crawl that \`regatta crawl\` began: there is no ${file}.`
        : `${path} cannot be read: ${messageOf(error)}. Start the crawl with its whole command instead.`,
    )
  }
}
