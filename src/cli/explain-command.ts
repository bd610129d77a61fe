import { resolve } from 'node:path'
import { counted, formatDuration } from '../base/format.ts'
import { redact } from '../base/redact.ts'
import type { Explanation, RequestLife } from '../contracts/explanation.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import type { Whereabouts } from '../frontier/sqlite/whereabouts.ts'
import { explanationOf, isOf } from '../observe/answer.ts'
import { explanationText } from '../observe/explanation-text.ts'
import { waterfall } from '../observe/waterfall.ts'
import { hasExplanations, readExplanations } from '../state/explanations.ts'
import { ownerOf } from '../state/folder-lock.ts'
import { listCrawls, readDeadLetters, whereIs } from '../state/stored-crawls.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { noCrawlIn } from './crawl-folders.ts'
import { writeWhole } from './files.ts'
import { type ExitCode, exitCodes, type Io, wantsColour } from './io.ts'
import { folderWord } from './paste.ts'
import { printable } from './terminal/cells.ts'

/**
 * `regatta explain FOLDER URL`: why a request went as it did, out of what the state keeps. Only reads, so the crawl may be
 * running. Of a request of which nothing is kept it is told where it is, and how to have more kept.
 */
export async function explainCommand(
  folder: string,
  which: string,
  { json, svg }: { readonly json?: true; readonly svg?: string },
  io: Io,
): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  const crawls = await listCrawls(dir)
  if (crawls.length === 0 && !hasExplanations(dir))
    throw await noCrawlIn(dir, io.cwd, `${regatta(io)} explain`)
  const names = crawls.map(({ name }) => name)
  const lives: RequestLife[] = []
  const urls = new Set<string>()
  for (const life of readExplanations(dir, ownerOf(dir) !== undefined)) {
    if (isOf(life, which)) lives.push(life)
    else if (urls.size < mostCompared) urls.add(life.url)
  }
  const explanation = explanationOf(lives) ?? explanationOf(fromLetters(dir, names, which))
  if (!explanation) return tellWhere(dir, names, which, [...urls], { json, svg }, io)
  if (svg !== undefined) await writeWhole(resolve(io.cwd, svg), waterfall(explanation))
  io.stdout.write(json ? `${JSON.stringify(explanation, null, 2)}\n` : textOf(explanation, io))
  if (svg !== undefined) io.stderr.write(`Drawn: ${svg}\n`)
  return exitCodes.done
}

const mostCompared = 10_000

function textOf(explanation: Explanation, io: Io): string {
  const width = io.stdout.columns || 100
  return explanationText(explanation, { width, colour: wantsColour(io.stdout, io.env) })
}

/** A state of an earlier Regatta, or one that has kept too much since: a dead letter still says why. */
function fromLetters(dir: string, names: readonly string[], which: string): RequestLife[] {
  return names.flatMap((name) =>
    [...readDeadLetters(dir, name)]
      .filter(({ request }) => isOf({ task: '', request: request.id, url: request.url }, which))
      .map((letter) => lifeOf(name, letter)),
  )
}

function lifeOf(crawl: string, { request, reason, at }: DeadLetter): RequestLife {
  return {
    task: '',
    crawl,
    request: request.id,
    url: redact(request.url),
    host: request.host,
    depth: request.depth,
    ...(request.referrer !== undefined && { foundOn: redact(request.referrer) }),
    begunAt: at,
    acceptedAt: 0,
    settledAt: 0,
    verdict: undefined,
    reason: reason.code,
    detail: redact(reason.detail),
    answeredBy: undefined,
    end: 'failed',
    kept: 'failed',
    timeline: [{ at: 0, step: 'settled', as: 'dead', reason: reason.code, detail: redact(reason.detail) }],
  }
}

function tellWhere(
  dir: string,
  names: readonly string[],
  which: string,
  urls: readonly string[],
  { json, svg }: { readonly json?: true | undefined; readonly svg?: string | undefined },
  io: Io,
): ExitCode {
  for (const name of names) {
    const found = whereIs(dir, name, which)
    if (!found) continue
    const words = sentence(name, found, io)
    if (svg !== undefined) io.stderr.write(`Nothing is drawn: ${printable(words)}\n`)
    const shown = json
      ? JSON.stringify({ answer: words, ...found, url: redact(found.url) }, null, 2)
      : printable(words)
    io.stdout.write(`${shown}\n`)
    return exitCodes.done
  }
  const word = folderWord(dir, io.cwd)
  const near = nearest(which, urls)
  const way =
    near.length > 0
      ? `Known are ${near.join(' , ')}`
      : `${regatta(io)} dead list ${word} shows what was given up, ${regatta(io)} status ${word} how far it is`
  throw new UsageError(
    `${word} knows no request "${redact(which)}": it was never found or asked for there. ${way}.`,
  )
}

function sentence(
  crawl: string,
  { is, attempts = 0, due, depth, referrer, url }: Whereabouts,
  io: Io,
): string {
  const found = `${depth === undefined ? '' : `, at depth ${depth}`}${referrer === undefined ? '' : `, found on ${redact(referrer)}`}`
  const wait = (due ?? 0) - io.clock.wall()
  const later = wait > 0 ? `, and is not taken for another ${formatDuration(wait)}` : ''
  if (is === 'queued') {
    const taken =
      attempts === 0
        ? 'it has not been taken yet'
        : `it was taken ${counted(attempts, 'time')}, and nothing more is known of that`
    return `${redact(url)} waits in the queue of ${crawl}: ${taken}${later}${found}.`
  }
  const how = is === 'resting' ? 'has come, and rests until its next visit' : 'has ended, and well'
  return `${redact(url)} ${how} (${crawl})${found}. Nothing is kept of how it went: what fails is kept, and of good requests that were not slow one in 100. Keep all of a crawl with --explain 1, or with the option explain: { sample: 1 }.`
}

const mostNear = 3

/** Those that begin alike, the longest first; of the same site at least. */
function nearest(which: string, urls: readonly string[]): string[] {
  const wanted = URL.parse(which)
  return urls
    .map((url) => ({ url, length: alike(which, url) }))
    .filter(({ url, length }) =>
      wanted ? URL.parse(url)?.host === wanted.host : length > 0 || url.includes(which),
    )
    .sort((one, other) => other.length - one.length)
    .slice(0, mostNear)
    .map(({ url }) => url)
}

function alike(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}
