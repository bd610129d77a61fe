import { z } from 'zod'
import { showValue } from '../base/show.ts'
import type { Problem } from '../contracts/error-values.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Source } from '../contracts/source.ts'

/**
 * Params and items are parsed by zod; this turns a refusal into a sentence, and makes schemas for params that a command
 * line can give as well, where everything is a string.
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

/** Throws PARAM_INVALID, naming the param, its value and what was expected. */
export function parseParams<Params, ParamsInput>(
  source: Pick<Source<Params, unknown, ParamsInput>, 'name' | 'params'>,
  input: ParamsInput | undefined,
): Params {
  const given: unknown = input ?? {}
  const parsed = source.params.safeParse(given)
  if (parsed.success) return parsed.data
  const issues = issuesOf(parsed.error, given).map(withoutSecret)
  const path = issues[0]?.path ?? ''
  const what = path === '' ? 'The params' : `Param "${path}"`
  throw new RegattaError('PARAM_INVALID', `${what} of source "${source.name}": ${sentenceOf(issues)}.`, {
    value: { issues },
  })
}

export function isSchema(value: unknown): value is Schema {
  return (
    typeof value === 'object' &&
    value !== null &&
    'safeParse' in value &&
    typeof value.safeParse === 'function'
  )
}

/** What a request carries, by its source's schema for it. Throws SOURCE_FAILED, naming the request and the field. */
export function parseData(
  source: Pick<Source, 'name' | 'data'>,
  { data, label, url }: Pick<CrawlRequest, 'data' | 'label' | 'url'>,
): unknown {
  const schema = isSchema(source.data) ? source.data : ownSchema(source.data, label ?? 'default')
  if (!schema) return data
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  const issues = issuesOf(parsed.error, data)
  const path = issues[0]?.path ?? ''
  const what = path === '' ? 'the data' : `"${path}" of the data`
  const named = label === undefined ? '' : `, label "${label}"`
  throw new RegattaError(
    'SOURCE_FAILED',
    `The request for ${url} (source "${source.name}"${named}) carries what does not fit: ${what}: ${sentenceOf(issues)}.`,
    { value: { url, label, issues } },
  )
}

function ownSchema(schemas: Exclude<Source['data'], Schema>, label: string): Schema | undefined {
  return schemas && Object.hasOwn(schemas, label) ? schemas[label] : undefined
}

/** The first issue. Of a union it is the one that came furthest: that is what the user meant. */
export function describeIssue(error: Pick<z.core.$ZodError, 'issues'>): {
  readonly keys: readonly PropertyKey[]
  readonly path: string
  readonly expected: string
} {
  const issue = error.issues[0]
  if (!issue) return { keys: [], path: '', expected: 'is invalid' }
  let path = issue.path
  let message = issue.message
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.flatMap((branch) => branch.slice(0, 1))
    const deepest = branches.toSorted((one, two) => two.path.length - one.path.length)[0]
    if (deepest) path = [...path, ...deepest.path]
    if (branches.length > 0) message = [...new Set(branches.map((branch) => branch.message))].join(', or ')
  }
  return { keys: path, path: path.map(String).join('.'), expected: message.replace(/\.$/, '') }
}

/** All of them; with `input`, what was given at each place is named too. */
export function issuesOf(error: z.core.$ZodError, ...given: [input?: unknown]): Problem[] {
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
  for (const key of keys) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return value
}

/** What stands in an object may be a secret, whatever the object is called. */
function withoutSecret({ got, ...problem }: Problem): Problem {
  const isShown = got !== undefined && !isSecret(problem.path) && (got.startsWith('"') || !got.includes('{'))
  return isShown ? { ...problem, got } : problem
}

/** A source may take an account as a param; its value must not reach a log. */
function isSecret(path: string): boolean {
  return path === '' || /pass|secret|token|key|cookie|auth|credential/i.test(path)
}
