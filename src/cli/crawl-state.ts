import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { isSecretName, redact } from '../base/redact.ts'
import { messageOf } from '../contracts/errors.ts'
import { endedBySource, hasFinished } from '../rules/over.ts'
import { digestOfParams } from '../state/crawl-record.ts'
import { listCrawls, progressOf } from '../state/stored-crawls.ts'
import { UsageError } from './command-failure.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { isNamedPlace, writeWhole } from './files.ts'
import { folderWord } from './paste.ts'
import type { FoundSource } from './registry.ts'

/**
 * Where the command line keeps a crawl, and the command it was begun with, so that `regatta resume` needs the folder and
 * nothing else. What may be a secret (headers, proxies with a password) is left out, and must be given again.
 */
export interface StatePlace {
  readonly dir: string
  /** Of the crawl's file in it. */
  readonly name: string
}

const folder = '.regatta'

/** `.regatta/NAME` unless `--state` says where, or `--no-state` that nothing is kept. */
export function placeOf(
  target: string,
  { source }: FoundSource,
  params: unknown,
  { state }: Pick<CrawlFlags, 'state'>,
  cwd: string,
): StatePlace | undefined {
  if (state === false) return undefined
  const host = /^https?:/i.test(target) ? URL.parse(target)?.host : undefined
  const slug = (host ?? source.name).toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')
  const name = `${slug.replaceAll(/^[-.]+|(?<![-.])[-.]+$/g, '').slice(0, 60) || 'crawl'}-${digestOfParams(params).slice(0, 8)}`
  return { dir: resolve(cwd, typeof state === 'string' ? state : join(folder, name)), name }
}

const commandSchema = z.object({
  version: z.literal(1),
  target: z.string(),
  /** The crawl's name. */
  name: z.string(),
  cwd: z.string(),
  flags: z.record(z.string(), z.unknown()),
  /** What was left out, as it is typed. */
  again: z.array(z.string()),
})

export type StoredCommand = z.infer<typeof commandSchema>

const file = 'command.json'

export async function writeCommand(
  dir: string,
  command: { target: string; name: string; flags: CrawlFlags; cwd: string },
): Promise<void> {
  const { target, name, cwd } = command
  // How often to begin again, and how much to say, is for each time to say anew.
  const {
    header,
    proxies,
    param = [],
    fresh: _fresh,
    overwrite: _overwrite,
    append: _append,
    quiet: _quiet,
    verbose: _verbose,
    inspect: _inspect,
    metrics: _metrics,
    record: _record,
    ...rest
  } = command.flags
  // A list in a file is a path, and names such as `webshare:` hold no key; anything else may hold a password or a token.
  const files = proxies?.map((each) => (isNamedPlace(each) ? each : resolve(cwd, each)))
  const areFiles = files?.every((path) => isNamedPlace(path) || existsSync(path)) ?? false
  const secrets = param.filter(
    ([key, value]) => !named.test(value) && (isSecretName(key) || redact(value) !== value),
  )
  const again = [
    ...(header === undefined ? [] : ['--header']),
    ...(proxies === undefined || areFiles ? [] : ['--proxies']),
    ...secrets.map(([key]) => `--param ${key}`),
  ]
  const flags = {
    ...rest,
    param: param.filter((pair) => !secrets.includes(pair)),
    ...(areFiles && { proxies: files }),
  }
  await writeWhole(
    join(dir, file),
    `${JSON.stringify({ version: 1, target, name, cwd, flags, again }, null, 2)}\n`,
    0o600,
  )
}

/** Only names of variables, whatever the param is called: `${KEY}`, `bearer ${TOKEN}`, `query api_key=${KEY}`. */
const named = /^(?:bearer\s+|basic\s+|header\s+[\w-]+:\s*|query\s+[\w-]+=)?\$\{\w+\}(?::(?:\$\{\w+\})?)?$/i

/** What the crawl was begun with and is typed again, or not at all. */
export function missingOf({ again }: StoredCommand, typed: Partial<CrawlFlags>): string[] {
  const params = (typed.param ?? []).map(([key]) => `--param ${key}`)
  const flags = Object.keys(typed).map((name) => `--${name}`)
  return again.filter((flag) => !params.includes(flag) && !flags.includes(flag))
}

/** The params that were left out because they may be secrets: the only ones that may be given again. */
export function secretParams({ again }: StoredCommand): string[] {
  return again.filter((flag) => flag.startsWith('--param ')).map((flag) => flag.slice('--param '.length))
}

/** Throws UsageError when the folder holds no crawl of the command line. */
export async function readCommand(dir: string): Promise<StoredCommand> {
  const path = join(dir, file)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(path, messageOf(error))
    throw new UsageError(`${dir} holds no crawl that \`regatta crawl\` began: there is no ${file}.`)
  }
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw unreadable(path, 'it is damaged')
  }
  const { data: command } = commandSchema.safeParse(found)
  if (command) return command
  const { success: isNewer } = z.object({ version: z.number().gt(1) }).safeParse(found)
  throw unreadable(path, isNewer ? 'it is of a newer Regatta' : 'it is damaged')
}

function unreadable(path: string, why: string): UsageError {
  return new UsageError(`${path} is not readable (${why}); \`regatta crawl\` with the same words goes on.`)
}

/** Undefined when there is none, or none that can be read. */
export async function findCommand(dir: string): Promise<StoredCommand | undefined> {
  return readCommand(dir).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined
    throw error
  })
}

/** A folder knows one command: throws UsageError while another crawl in it needs its own. `cwd` is the shell's. */
export async function assertFree({ dir, name }: StatePlace, cwd: string, called: string): Promise<void> {
  const other = await findCommand(dir)
  if (other === undefined || other.name === name) return
  const crawl = (await listCrawls(dir)).find((each) => each.name === other.name)
  if (!crawl || hasFinished(progressOf(crawl))) return
  if (endedBySource(progressOf(crawl), other.flags.maxPages as number | undefined)) return
  const folder = folderWord(dir, cwd)
  throw new UsageError(
    `${folder} holds the crawl of ${withoutSecrets(other.target)} (${other.name}), which is not finished. Give this one a folder of its own, or finish that one: ${called} resume ${folder}`,
  )
}

function withoutSecrets(target: string): string {
  const url = /^https?:/i.test(target) ? URL.parse(target) : null
  return url ? `${url.origin}${url.pathname}` : target
}
