import { resolve } from 'node:path'
import { counted } from '../base/format.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import { listCrawls, readDeadLetters, reviveDeadLetters } from '../state/stored-crawls.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { noCrawlIn } from './crawl-folders.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { folderWord } from './paste.ts'
import { printable } from './terminal/cells.ts'

/** `regatta dead`: what was given up, why, and once more. A letter is named by its id or its URL. */
export interface DeadFlags {
  readonly json?: true
  /** Only those given up for this reason. */
  readonly reason?: string
}

export async function deadListCommand(folder: string, flags: DeadFlags, io: Io): Promise<ExitCode> {
  const byReason = new Map<string, number>()
  const others = new Map<string, number>()
  for await (const { letter } of letters(folder, 'list', io)) {
    const { request, reason, heads, at } = letter
    const isWanted = isFor(letter, flags.reason)
    const counts = isWanted ? byReason : others
    counts.set(reason.code, (counts.get(reason.code) ?? 0) + 1)
    if (!isWanted) continue
    const after = heads.length === 0 ? '' : `, ${attemptsIn(heads)}`
    io.stdout.write(
      flags.json
        ? `${JSON.stringify(letter)}\n`
        : `${printable(`${request.id}  ${new Date(at).toISOString()}  ${reason.code}${after}  ${request.url}`)}\n`,
    )
  }
  const found = byReason.size > 0 ? byReason : others
  const total = [...found].map(([code, count]) => `${count} ${code}`).join(', ')
  const none = byReason.size === 0 && others.size > 0 ? `Nothing was given up for ${flags.reason}. ` : ''
  io.stderr.write(found.size === 0 ? 'Nothing was given up.\n' : `${none}Given up: ${total}\n`)
  return exitCodes.done
}

export async function deadShowCommand(folder: string, which: string, io: Io): Promise<ExitCode> {
  for await (const { letter } of letters(folder, 'show', io)) {
    const { request, reason, heads, setAside = [], at } = letter
    if (request.id !== which && request.url !== which) continue
    const lines = [
      `${request.method} ${request.url}`,
      `  id        ${request.id}`,
      `  given up  ${new Date(at).toISOString()}${heads.length === 0 ? '' : `, after ${attemptsIn(heads)}`}`,
      `  because   ${reason.detail} (${reason.code})`,
      ...(reason.where === undefined ? [] : [`  where     ${reason.where}`]),
      ...(reason.selector === undefined ? [] : [`  selector  ${reason.selector}`]),
      ...(reason.stack ?? '').split('\n').flatMap((call) => (call === '' ? [] : [`            ${call}`])),
      `  depth     ${request.depth}${request.referrer === undefined ? '' : `, found on ${request.referrer}`}`,
      ...heads.flatMap(({ proxy, reason: why, status, headers = {} }) => [
        `  answer    ${status ?? 'none'}, ${why}, through ${proxy}`,
        ...Object.entries(headers).map(([name, value]) => `              ${name}: ${value}`),
      ]),
      ...setAside.flatMap(({ kind, itemKind, index, detail, value }) => [
        `  set aside ${itemKind ?? kind} ${index}: ${detail}`,
        `              ${JSON.stringify(value)}`,
      ]),
    ]
    io.stdout.write(`${lines.map(printable).join('\n')}\n`)
    return exitCodes.done
  }
  const word = folderWord(resolve(io.cwd, folder), io.cwd)
  throw new UsageError(`No dead letter "${which}" in ${folder}; ${regatta(io)} dead list ${word} shows them.`)
}

export async function deadRetryCommand(
  folder: string,
  which: readonly string[],
  flags: DeadFlags & { all?: true },
  io: Io,
): Promise<ExitCode> {
  if (which.length === 0 && !flags.all && flags.reason === undefined) {
    throw new UsageError('Say which: ids or URLs, --reason CODE, or --all.')
  }
  const chosen = new Map<string, string[]>()
  const unknown = new Set(which)
  for await (const { name, letter } of letters(folder, 'retry', io)) {
    const { id, url } = letter.request
    if (!isFor(letter, flags.reason)) continue
    if (which.length > 0 && !which.includes(id) && !which.includes(url)) continue
    unknown.delete(id)
    unknown.delete(url)
    const ids = chosen.get(name) ?? []
    ids.push(id)
    chosen.set(name, ids)
  }
  if (unknown.size > 0) throw new UsageError(`No dead letter "${[...unknown][0]}" in ${folder}.`)
  const dir = resolve(io.cwd, folder)
  const revived = await reviveDeadLetters(dir, chosen, io.clock)
  io.stdout.write(
    revived === 0
      ? 'There is nothing to try again.\n'
      : `${counted(revived, 'request')} will be tried again: ${regatta(io)} resume ${folderWord(dir, io.cwd)}\n`,
  )
  return exitCodes.done
}

/** Given up for this reason, or after answers that were judged so: `status-500` is in the list, too. */
function isFor({ reason, heads }: DeadLetter, wanted: string | undefined): boolean {
  if (wanted === undefined || reason.code === wanted) return true
  return heads.some((head) => head.reason === wanted || `status-${head.status}` === wanted)
}

/** Of the last answers five are kept. */
const mostHeads = 5

export function attemptsIn({ length }: DeadLetter['heads']): string {
  return length < mostHeads ? counted(length, 'attempt') : `${length} attempts or more`
}

async function* letters(
  folder: string,
  command: string,
  io: Io,
): AsyncGenerator<{ readonly name: string; readonly letter: DeadLetter }> {
  const dir = resolve(io.cwd, folder)
  const crawls = await listCrawls(dir)
  if (crawls.length === 0) throw await noCrawlIn(dir, io.cwd, `${regatta(io)} dead ${command}`)
  for (const { name } of crawls) {
    for (const letter of readDeadLetters(dir, name)) yield { name, letter }
  }
}
