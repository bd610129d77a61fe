import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { isSecretName } from '../base/redact.ts'
import { showValue } from '../base/show.ts'
import type { Problem } from '../contracts/error-values.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Source } from '../contracts/source.ts'

/**
 * Params, items and data are parsed by their schemas, of whichever library; this turns a refusal into a sentence. For
 * params that a command line can give as well, where everything is a string, it makes schemas with our own zod.
 */

/** A param: `true`, `false`, and what people type for them: yes, no, on, off, 1, 0. Becomes a boolean. */
export const flag = () => z.union([z.boolean(), z.stringbool()])

/** A param: a whole number, also as a string (`'12'`). Becomes a number; bounds go behind it: `.pipe(z.int().min(1))`. */
export const wholeNumber = () =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/, 'expected a whole number')
        .transform(Number),
    ])
    .pipe(z.int())

/** A param: a list of strings, or one string with commas or white space between its parts. Becomes a list of strings. */
export const list = () =>
  z.union([z.array(z.string()), z.string().transform((text) => text.split(/[\s,]+/).filter(Boolean))])

/**
 * A param: a file of the user's, or `-` for what is piped in (`context.input`). The command line names it from the folder it was
 * typed in. It stays a string; `readLines` and its like read it.
 */
export const file = () => z.string().min(1, 'expected a file, or - for stdin').meta({ format: 'path' })

/** Throws PARAM_INVALID, naming the param, its value and what was expected. */
export function parseParams<Params, ParamsInput>(
  source: Pick<Source<Params, unknown, ParamsInput>, 'name' | 'params'>,
  input: ParamsInput | undefined,
): Params {
  const given: unknown = input ?? {}
  const parsed = parseBy(source.params, given, `The params of source "${source.name}"`)
  if (parsed.issues === undefined) return parsed.value
  const issues = issuesOf(parsed, given).map(withoutSecret)
  const path = issues[0]?.path ?? ''
  const what = path === '' ? 'The params' : `Param "${path}"`
  throw new RegattaError('PARAM_INVALID', `${what} of source "${source.name}": ${sentenceOf(issues)}.`, {
    value: { issues },
  })
}

/** Any Standard Schema; those of arktype are functions. */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<Schema>)['~standard']
  return typeof standard === 'object' && typeof standard?.validate === 'function'
}

/** Why something that looks like a schema is none, as the end of a sentence; undefined where nothing is known. */
export function whyNoSchema(value: unknown): string | undefined {
  const isOldZod = typeof value === 'object' && value !== null && 'safeParse' in value
  return isOldZod
    ? 'this one is of an older zod, which has no Standard Schema; update zod to 3.24 or 4'
    : undefined
}

/**
 * What a schema says of a value. One that throws refuses it. Throws SOURCE_INVALID for one that answers later: `what` has
 * the schema, and begins a sentence.
 */
export function parseBy<Output>(
  schema: Schema<Output>,
  value: unknown,
  what: string,
): StandardSchemaV1.Result<Output> {
  let answer: StandardSchemaV1.Result<Output> | Promise<StandardSchemaV1.Result<Output>>
  try {
    answer = schema['~standard'].validate(value)
  } catch (error) {
    // zod says so by an error of its own, where it notices.
    if (isAsyncRefusal(error)) throw asyncSchema(what)
    return { issues: [{ message: `the schema threw: ${messageOf(error)}` }] }
  }
  if (!(answer instanceof Promise)) return answer
  answer.catch(() => {})
  throw asyncSchema(what)
}

function isAsyncRefusal(error: unknown): boolean {
  return error instanceof Error && error.constructor.name.endsWith('AsyncError')
}

function asyncSchema(what: string): RegattaError {
  const way = 'leave async checks and transforms out, and do what they do in "seeds" or "parse"'
  return new RegattaError('SOURCE_INVALID', `${what} have a schema that answers later; ${way}.`, {
    value: { source: undefined },
  })
}

/** What a request carries, by its source's schema for it. Throws SOURCE_FAILED, naming the request and the field. */
export function parseData(
  source: Pick<Source, 'name' | 'data'>,
  { data, label, url }: Pick<CrawlRequest, 'data' | 'label' | 'url'>,
): unknown {
  const schema = isSchema(source.data) ? source.data : ownSchema(source.data, label ?? 'default')
  if (!schema) return data
  const parsed = parseBy(schema, data, `The data of requests of source "${source.name}"`)
  if (parsed.issues === undefined) return parsed.value
  const issues = issuesOf(parsed, data)
  const path = issues[0]?.path ?? ''
  const what = path === '' ? 'the data' : `"${path}" of the data`
  const named = label === undefined ? '' : `, label "${label}"`
  throw new RegattaError(
    'SOURCE_FAILED',
    `The request for ${url} (source "${source.name}"${named}) carries what does not fit: ${what}: ${sentenceOf(issues)}.`,
    { value: { url, label, issues } },
  )
}

/** Problems of one answer that are told: a list of a thousand wrong items says one thing. */
const mostTold = 5

/** What `schema` makes of an answer in JSON. Throws SOURCE_FAILED, naming the page, the path and what was expected. */
export function fittingJson(schema: unknown, value: unknown, url: string, source: string): unknown {
  if (!isSchema(schema)) {
    const expected = 'takes a zod schema, or any other Standard Schema (valibot, arktype, …)'
    const why = whyNoSchema(schema) ?? `this is ${showValue(schema)}`
    const sentence = `page.json(schema) of source "${source}" ${expected}; ${why}.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url } })
  }
  const parsed = parseBy(schema, value, `The calls of page.json() of source "${source}"`)
  if (parsed.issues === undefined) return parsed.value
  const issues = issuesOf({ issues: parsed.issues.slice(0, mostTold) }, value)
  const path = issues[0]?.path ?? ''
  const where = path === '' ? '' : `"${path}": `
  const left = parsed.issues.length - issues.length
  const more = left > 0 ? `; and ${left} more` : ''
  throw new RegattaError(
    'SOURCE_FAILED',
    `The JSON of ${url} is not what source "${source}" expects: ${where}${sentenceOf(issues)}${more}.`,
    { value: { url, issues } },
  )
}

function ownSchema(schemas: Exclude<Source['data'], Schema>, label: string): Schema | undefined {
  return schemas && Object.hasOwn(schemas, label) ? schemas[label] : undefined
}

/** An issue of any library; zod's own say more. */
type Issue = StandardSchemaV1.Issue & Partial<Pick<z.core.$ZodIssueInvalidUnion, 'code' | 'errors'>>

/** What a schema has against a value. */
export interface Refusal {
  readonly issues: readonly StandardSchemaV1.Issue[]
}

/** The first issue. Of a union it is the one that came furthest: that is what the user meant. */
export function describeIssue({ issues }: Refusal): {
  readonly keys: readonly PropertyKey[]
  readonly path: string
  readonly expected: string
} {
  const issue = issues[0] as Issue | undefined
  if (!issue) return { keys: [], path: '', expected: 'is invalid' }
  let keys = keysOf(issue)
  let { message } = issue
  if (issue.code === 'invalid_union' && issue.errors) {
    const branches = issue.errors.flatMap((branch) => branch.slice(0, 1))
    const deepest = branches.toSorted((one, two) => two.path.length - one.path.length)[0]
    if (deepest) keys = [...keys, ...deepest.path]
    if (branches.length > 0) message = [...new Set(branches.map((branch) => branch.message))].join(', or ')
  }
  const expected = message.replaceAll(/Invalid input: /g, '').replace(/\.$/, '')
  return { keys, path: keys.map(String).join('.'), expected }
}

function keysOf({ path = [] }: StandardSchemaV1.Issue): PropertyKey[] {
  return path.map((part) => (typeof part === 'object' ? part.key : part))
}

/** All of them; with `input`, what was given at each place is named too. */
export function issuesOf(error: Refusal, ...given: [input?: unknown]): Problem[] {
  return error.issues.map((issue) => {
    const { keys, path, expected: message } = describeIssue({ issues: [issue] })
    return given.length === 0 ? { path, message } : { path, message, got: showValue(valueAt(given[0], keys)) }
  })
}

/** Problems as one sentence without its full stop. The path of the first one is left to the caller. */
export function sentenceOf(problems: readonly Problem[]): string {
  const said = problems.map(({ path, message, got }, at) => {
    const name = at === 0 || path === '' ? '' : `"${path}": `
    return `${name}${message}${got === undefined ? '' : ` (got ${got})`}`
  })
  return said.join('; ')
}

function valueAt(input: unknown, keys: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of keys) {
    // A text that stands for a list: its letters are nobody's input.
    if (typeof value !== 'object' || value === null) return value
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

/** What stands in an object may be a secret, whatever the object is called. */
function withoutSecret({ got, ...problem }: Problem): Problem {
  const isShown = got !== undefined && !isSecret(problem.path) && (got.startsWith('"') || !got.includes('{'))
  return isShown ? { ...problem, got } : problem
}

/** A source may take an account as a param; its value must not reach a log. */
function isSecret(path: string): boolean {
  return path === '' || path.split('.').some(isSecretName)
}
