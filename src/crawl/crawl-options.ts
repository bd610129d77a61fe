import { z } from 'zod'
import { createHostBlocks } from '../admission/host-blocks.ts'
import { parseTrapOptions } from '../admission/trap-options.ts'
import { nearest } from '../base/nearest.ts'
import { showGiven } from '../base/show.ts'
import type { HttpCache } from '../cache/http-cache.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type { CrawlOptions, RetriedLetters } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Frontier } from '../contracts/frontier.ts'
import type { Sink } from '../contracts/sink.ts'
import { isUse, useExpected } from '../options/read-use.ts'
import { describeIssue, issuesOf } from '../source/schema.ts'

/**
 * Checks the options of a crawl before it begins: one that is misspelt would be no limit at all, and `maxpages: 2` would
 * crawl everything. They are looked at and not parsed into something new, as sinks, frontiers and signals are the
 * user's own objects; those are known by what they can do, so that wrappers and other realms are as good.
 */

const upTo = (low: number) =>
  z.custom<number>(
    (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && Number(value) >= low),
    { error: `expected a whole number from ${low}` },
  )

/** An object with these functions, and perhaps more. */
const able = <T>(what: string, functions: readonly (keyof T & string)[], also = (_: object) => true) =>
  z.custom<T>(
    (value) => typeof value === 'object' && value !== null && can(value, functions) && also(value),
    {
      error: `expected ${what}, with ${functions.map((name) => `${name}()`).join(', ')}`,
    },
  )

const revisitShape = {
  after: z.number().positive({ error: 'expected milliseconds above 0' }),
  forever: z.boolean().optional(),
}

const shape = {
  sinks: z
    .array(able<Sink>('a Sink', ['open', 'write', 'close'], ({ name }: { name?: unknown }) => isText(name)))
    .optional(),
  maxPages: upTo(0).optional(),
  maxDepth: upTo(0).optional(),
  concurrency: upTo(1).optional(),
  robots: z.boolean().optional(),
  maxPerHost: upTo(1).optional(),
  use: z.custom<CrawlOptions['use']>(isUse, { error: `expected ${useExpected}` }).optional(),
  block: z.array(z.string()).optional(),
  /** They have a schema of their own. */
  traps: z
    .custom((value) => value === false || (typeof value === 'object' && value !== null), {
      error: 'expected an object, or false',
    })
    .optional(),
  revisit: z.strictObject(revisitShape).optional(),
  cache: able<HttpCache>('an HttpCache', ['get', 'put']).optional(),
  name: z.string().min(1).optional(),
  fresh: z.boolean().optional(),
  frontier: able<Frontier>(
    'a Frontier',
    ['discover', 'take', 'settle', 'setHost', 'nextDue', 'revisit', 'stats', 'deadLetters', 'flush'],
    ({ side }: { side?: unknown }) => typeof side === 'object' && side !== null && can(side, ['get', 'put']),
  ).optional(),
  keepTrying: z.boolean().optional(),
  contested: z.enum(['mark', 'dead']).optional(),
  input: z
    .custom<CrawlOptions['input']>(
      (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
      {
        error: 'expected a stream, such as process.stdin',
      },
    )
    .optional(),
  signal: able<AbortSignal>(
    'an AbortSignal',
    ['addEventListener'],
    ({ aborted }: { aborted?: unknown }) => typeof aborted === 'boolean',
  ).optional(),
} satisfies Record<keyof CrawlOptions, z.ZodType>

const schema = z.strictObject(shape)

/** Throws OPTION_INVALID, naming the option, its value and what was expected. Changes nothing. */
export function assertCrawlOptions(options: CrawlOptions): void {
  const parsed = schema.safeParse(options)
  if (!parsed.success) throw invalid(options, parsed.error)
  const { traps, block } = options
  if (traps) parseTrapOptions(traps)
  if (block) createHostBlocks(block)
}

const lettersSchema = z.strictObject({ reason: z.string().optional(), ids: z.array(z.string()).optional() })

/** The option of retryDead(). Throws OPTION_INVALID: a slip of the pen would else try all again. */
export function retriedLetters(which: RetriedLetters): RetriedLetters {
  const parsed = lettersSchema.safeParse(which)
  const what = 'an object with a reason (a text), ids (a list of texts), both or none'
  assertArgument(parsed.success, 'retryDead()', 'which', what, which)
  return parsed.data
}

/** The option of drain(); no limit by default. Throws OPTION_INVALID for what is no number of milliseconds. */
export function timeoutOf(options: { readonly timeout?: number } | undefined): number {
  assertArgument(isOptions(options), 'drain()', 'options', 'an object', options)
  const { timeout = Number.POSITIVE_INFINITY } = options ?? {}
  if (typeof timeout === 'number' && timeout >= 0) return timeout
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "timeout" of drain(): expected milliseconds from 0 (got ${showGiven(timeout, true)}).`,
    { value: { path: 'timeout' } },
  )
}

function invalid(options: unknown, error: z.ZodError): RegattaError {
  const issue = error.issues[0]!
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = unknown === undefined ? issue.path : [...issue.path, unknown]
  const name = path.map(String).join('.') || 'options'
  let value = options
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  const [expected, hint] =
    unknown === undefined
      ? [describeIssue(error).expected, '']
      : ['a crawl has no such option', hintFor(unknown, issue.path)]
  return new RegattaError(
    'OPTION_INVALID',
    `Option "${name}": ${expected} (got ${showGiven(value, unknown === undefined)}).${hint}`,
    {
      value: { path: name, issues: issuesOf(error) },
    },
  )
}

function hintFor(unknown: string, parent: readonly PropertyKey[]): string {
  const known = Object.keys(parent[0] === 'revisit' ? revisitShape : shape)
  const meant = nearest(unknown, known)
  return meant === undefined
    ? ` There are ${known.join(', ')}.`
    : ` Did you mean "${[...parent, meant].join('.')}"?`
}

function can(value: object, functions: readonly string[]): boolean {
  return functions.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
