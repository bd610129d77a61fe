import { z } from 'zod'
import { headerName } from '../base/header-field.ts'
import { nearest } from '../base/nearest.ts'
import { hidden, redact } from '../base/redact.ts'
import { showGiven } from '../base/show.ts'
import type { Problem } from '../contracts/error-values.ts'
import { RegattaError } from '../contracts/errors.ts'

/**
 * OPTION_INVALID for what a schema of options refused: the option, what it may be, and what was given. The values of
 * some options are secrets, and the value of an option that is not there may be one too: those are never shown.
 */
export function optionInvalid(schema: z.ZodType, given: unknown, error: z.ZodError): RegattaError {
  const issue = nearestIssue(foremost(error.issues))
  const path = pathOf(issue.path) || 'options'
  const problems: Problem[] = error.issues.map((each) => {
    const { path: where, ...rest } = nearestIssue(each)
    return { path: pathOf(where), message: redact(expectationOf({ path: where, ...rest } as Issue)) }
  })
  const said =
    issue.code === 'unrecognized_keys'
      ? hintFor(schema, issue.path)
      : `${redact(expectationOf(issue))}${gotAt(given, issue.path)}.`
  return new RegattaError('OPTION_INVALID', `Option "${path}": ${said}`, {
    value: { path, issues: problems },
  })
}

type Issue = z.core.$ZodIssue

/** The first, or a misspelt name beside it, which may be all that is wrong: `health: { echos }` lacks `echoes`. */
function foremost(issues: readonly Issue[]): Issue {
  const first = issues[0]!
  const parent = first.path.slice(0, -1)
  const misspelt = issues.find(({ code, path }) => code === 'unrecognized_keys' && isSame(path, parent))
  return misspelt ?? first
}

function isSame(one: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  return one.length === other.length && one.every((key, at) => key === other[at])
}

/** Of a choice, the fault of what comes nearest to what was given; of an unknown option, with its name in the path. */
function nearestIssue(issue: Issue): Issue {
  if (issue.code === 'unrecognized_keys') return { ...issue, path: [...issue.path, issue.keys[0]!] }
  if (issue.code !== 'invalid_union') return issue
  // A branch that looked inside is the one that was meant.
  const inside = issue.errors.map((each) => each[0] && foremost(each)).find((each) => each && isInside(each))
  return inside ? nearestIssue({ ...inside, path: [...issue.path, ...inside.path] }) : issue
}

function isInside({ code, path }: Issue): boolean {
  return path.length > 0 || code === 'unrecognized_keys' || code === 'too_small' || code === 'too_big'
}

/** `expected a number`, `expected one of "a", "b", or a Strategy`. */
function expectationOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return 'there is no such option'
  // What is said of an odd name repeats it.
  if (issue.path.some((key, at) => isOdd(key, issue.path[at - 1]))) return issue.message.split(': "', 1)[0]!
  const choices = [...new Set(choicesOf(issue))]
  if (choices.length === 0) return issue.message.replace(/\.$/, '')
  const last = choices.length > 1 ? `, or ${choices.at(-1)}` : ''
  return `expected ${(choices.length > 1 ? choices.slice(0, -1) : choices).join(', ')}${last}`
}

function choicesOf(issue: Issue): string[] {
  switch (issue.code) {
    case 'invalid_union':
      return issue.errors.flatMap(([first]) => (first ? choicesOf(first) : []))
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value))
      return values.length > 1 ? [`one of ${values.join(', ')}`] : values
    }
    case 'invalid_type':
      return [kinds[issue.expected] ?? issue.expected]
    default: {
      const [, what] = /^expected (.+)$/.exec(issue.message) ?? []
      return what === undefined ? [] : [what]
    }
  }
}

const kinds: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

/** Options whose values are never repeated. */
const secretPlaces: ReadonlySet<PropertyKey> = new Set(['proxies', 'headers', 'env', 'ca', 'echoes'])

function gotAt(given: unknown, path: readonly PropertyKey[]): string {
  if (path.some((key) => secretPlaces.has(key))) return ''
  let value = given
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return ` (got ${showGiven(value, true)})`
}

/** A key is the user's own text too: a header pasted as a whole, a URL with a password as the name of a host. */
function pathOf(keys: readonly PropertyKey[]): string {
  return keys.map((key, at) => (isOdd(key, keys[at - 1]) ? hidden : redact(String(key)))).join('.')
}

/** No name of a header or of a host. */
function isOdd(key: PropertyKey, parent: PropertyKey | undefined): boolean {
  if (parent === 'headers') return !headerName.test(String(key))
  return parent === 'hosts' && /[\s@]/.test(String(key))
}

/** For an option that is not there: the path of the one that was meant, or all that there are. */
function hintFor(schema: z.ZodType, path: readonly PropertyKey[]): string {
  const unknown = String(path.at(-1))
  const parent = path.slice(0, -1)
  const known = keysOf(schemaAt(schema, parent))
  const meant = nearest(unknown, known)
  if (meant !== undefined) return `there is no such option. Did you mean "${pathOf([...parent, meant])}"?`
  const group = known.find((name) => keysOf(schemaAt(schema, [...parent, name])).includes(unknown))
  if (group !== undefined) return `it stands in "${group}": { ${group}: { ${unknown}: … } }.`
  return `there is no such option. There are ${known.join(', ')}.`
}

function schemaAt(schema: z.ZodType | undefined, path: readonly PropertyKey[]): z.ZodType | undefined {
  const found = path.reduce<readonly z.ZodType[]>(
    (all, key) => all.flatMap((each) => choicesIn(memberOf(each, key))),
    choicesIn(schema),
  )
  return found.find((each) => each instanceof z.ZodObject)
}

function memberOf(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, z.ZodType>)[key]
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  return schema instanceof z.ZodArray && typeof key === 'number' ? (schema.element as z.ZodType) : undefined
}

/** What it may be, below defaults. */
function choicesIn(schema: z.ZodType | undefined): readonly z.ZodType[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return choicesIn(schema.unwrap() as z.ZodType)
  }
  if (schema instanceof z.ZodUnion) return (schema.options as readonly z.ZodType[]).flatMap(choicesIn)
  return schema === undefined ? [] : [schema]
}

function keysOf(schema: z.ZodType | undefined): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}
