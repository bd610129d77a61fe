import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { essentialOptions, shapeSchema } from '../../src/options/options.ts'
import { type Blocks, code, list, table } from './blocks.ts'
import { type Declarations, root, sentenceOf } from './declarations.ts'

/**
 * The options of createCrawler: their names, defaults and ranges come from the schema that checks them, their meaning
 * from the comment above each. An option without a comment is an error, and so is a comment without an option.
 */
const file = 'src/options/options.ts'

export interface Option {
  readonly path: string
  readonly meaning: string
  readonly schema: z.ZodType
  /** Undefined when there is none. */
  readonly standard: unknown
  /** Whether it holds other options. */
  readonly isGroup: boolean
  /** Whether it may not be left out, where what holds it is given. */
  readonly isNeeded: boolean
}

export function optionBlocks(declarations: Declarations): Blocks {
  const options = readOptions()
  const hosts = hostPaths()
  const row = (option: Option) => [
    code(option.path),
    standardOf(option),
    rangeOf(option),
    hosts.has(option.path) ? 'yes' : '',
    option.meaning,
  ]
  const heads = ['option', 'default', 'values', 'per host', 'meaning']
  const isFirst = (path: string) => (essentialOptions as readonly string[]).includes(path)
  const important = essentialOptions.map((path) => {
    const option = options.find((each) => each.path === path)
    if (!option) throw new Error(`There is no option "${path}" to put first.`)
    return row(option)
  })
  const others = options.filter(({ path }) => !isFirst(path)).map(row)
  return {
    'first-options': table(heads, important),
    options: table(heads, others),
    'host-options': hostOptions(options, hosts),
    'crawl-options': crawlOptions(declarations),
  }
}

/** What `hosts` takes and what it does not, and what some of it means there. */
function hostOptions(options: readonly Option[], hosts: ReadonlySet<string>): string {
  const meanings = readMeanings(readFileSync(join(root, file), 'utf8'))
  const names = [...hosts].filter((path) => !path.includes('.'))
  const rows = names.flatMap((path) => {
    const meaning = meanings.get(`hosts.${path}`)
    return meaning === undefined ? [] : [[code(`hosts[…].${path}`), meaning]]
  })
  const paths = options.map(({ path }) => path).filter((path) => path !== 'hosts' && !hosts.has(path))
  const others = paths.filter((path) => !paths.some((group) => path.startsWith(`${group}.`)))
  return [
    `For one host may be set: ${list(names)}.`,
    `For all hosts only: ${list(others)}.`,
    'These have a meaning of their own in an entry:',
    table(['option', 'meaning'], rows),
  ].join('\n\n')
}

function crawlOptions(declarations: Declarations): string {
  const options = declarations.in('src/contracts/crawl.ts').get('CrawlOptions')!
  const traps = declarations.in('src/contracts/trap-options.ts').get('TrapOptions')!
  const rows = options.members.flatMap((option) => [
    [code(option.name), option.doc],
    ...(option.name === 'traps' ? traps : option).members.map((each) => [
      code(`${option.name}.${each.name}`),
      each.doc,
    ]),
  ])
  return table(['option', 'meaning'], rows)
}

/** Every option, in the schema's order; a group before what it holds. Groups without a comment are left out. */
export function readOptions(): Option[] {
  const meanings = readMeanings(readFileSync(join(root, file), 'utf8'))
  const described = (path: string) => meanings.get(path) ?? ''
  const options: Option[] = []
  const walk = (shape: z.core.$ZodShape, prefix: string, standards: unknown) => {
    for (const [key, each] of Object.entries(shape)) {
      const path = prefix + key
      const { schema, standard } = unwrap(each as z.ZodType)
      const inner = shapeWithin(schema)
      const value = (standards as Record<string, unknown> | undefined)?.[key] ?? standard
      // What one comment describes as a whole is one option, such as `{ start, min, max }`.
      const isGroup =
        inner !== undefined && Object.keys(inner).some((name) => described(`${path}.${name}`) !== '')
      const meaning = described(path)
      if (meaning === '' && !isGroup) throw new Error(`${file}: the option "${path}" has no comment.`)
      const isNeeded = !(each as z.ZodType).safeParse(undefined).success
      if (meaning !== '') options.push({ path, meaning, schema, standard: value, isGroup, isNeeded })
      if (isGroup) walk(inner, `${path}.`, value)
    }
  }
  walk(shapeSchema.shape, '', shapeSchema.parse({}))
  const known = new Set(options.map(({ path }) => path))
  for (const path of meanings.keys()) {
    const isHosts = path.startsWith('hosts.')
    if (!known.has(path) && !isHosts)
      throw new Error(`${file}: there is no option "${path}", only its comment.`)
  }
  return options
}

/** The paths that `hosts` takes too. */
export function hostPaths(): Set<string> {
  const { schema } = unwrap(shapeSchema.shape.hosts as z.ZodType)
  if (!(schema instanceof z.ZodRecord)) throw new Error('The option "hosts" is no record.')
  const paths = new Set<string>()
  const walk = (shape: z.core.$ZodShape, prefix: string) => {
    for (const [key, each] of Object.entries(shape)) {
      paths.add(prefix + key)
      const inner = shapeWithin(unwrap(each as z.ZodType).schema)
      if (inner) walk(inner, `${prefix}${key}.`)
    }
  }
  const inner = shapeWithin(unwrap(schema.valueType as z.ZodType).schema)
  if (!inner) throw new Error('The option "hosts" takes no options.')
  walk(inner, '')
  return paths
}

function unwrap(schema: z.ZodType): { schema: z.ZodType; standard: unknown } {
  let inner = schema
  let standard: unknown
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    if (inner instanceof z.ZodDefault) standard ??= inner.def.defaultValue
    inner = inner.def.innerType as z.ZodType
  }
  return { schema: inner, standard }
}

/** The options that an object holds, also when `false` may stand in its place. */
function shapeWithin(schema: z.ZodType): z.core.$ZodShape | undefined {
  if (schema instanceof z.ZodObject) return schema.shape
  if (!(schema instanceof z.ZodUnion)) return undefined
  const objects = schema.def.options.filter((each) => each instanceof z.ZodObject)
  return objects.length === 1 ? objects[0]!.shape : undefined
}

/**
 * The comment above each key of a schema, by path. The formatter indents a key deeper than the one that holds it, so the
 * path follows from the indentation; a schema with a name of its own is found where it is used.
 */
export function readMeanings(source: string): Map<string, string> {
  const meanings = new Map<string, string>()
  const schemas = new Map<string, [path: string, meaning: string][]>()
  for (const [, name, body] of source.matchAll(/^(?:export )?const (\w+Schema) = (z[\s\S]*?)\n(?=\S)/gm)) {
    schemas.set(name!, readKeys(body!))
  }
  const place = (name: string, prefix: string) => {
    for (const [path, text] of schemas.get(name) ?? []) {
      const [key, reference] = path.split('=')
      const whole = prefix + key
      if (text !== '') meanings.set(whole, text)
      if (reference) place(reference, `${whole}.`)
    }
  }
  place('shapeSchema', '')
  return meanings
}

function readKeys(body: string): [path: string, meaning: string][] {
  const keys: [string, string][] = []
  const above: { indent: number; name: string }[] = []
  let comment = ''
  let lines: string[] | undefined
  for (const line of body.split('\n')) {
    const indent = line.search(/\S/)
    const text = line.trim()
    if (text.startsWith('/**')) lines = []
    if (lines) {
      lines.push(text)
      if (!text.endsWith('*/')) continue
      comment = sentenceOf(lines.join('\n'))
      lines = undefined
      continue
    }
    const [, name] = /^(\w+):/.exec(text) ?? []
    if (name === undefined) continue
    while (above.length > 0 && above.at(-1)!.indent >= indent) above.pop()
    above.push({ indent, name })
    const [, reference] = /\b(\w+Schema)\b/.exec(text) ?? []
    const path = above.map((each) => each.name).join('.')
    keys.push([reference ? `${path}=${reference}` : path, comment])
    comment = ''
  }
  return keys
}

function standardOf({ standard, isGroup, schema }: Option): string {
  if (standard === undefined) return 'none'
  if (standard === false) return code('false')
  if (isGroup) return schema instanceof z.ZodUnion ? 'on' : 'see below'
  return code(JSON.stringify(standard))
}

/** Whether it takes both switches beside an object, and not only the one that turns it off. */
function takesTrue(schema: z.ZodType): boolean {
  return schema.safeParse(true).success
}

function rangeOf({ schema, isGroup }: Option): string {
  if (isGroup && !(schema instanceof z.ZodUnion)) return 'an object'
  if (isGroup)
    return takesTrue(schema)
      ? `an object, ${code('true')}, ${code('false')}`
      : `an object, or ${code('false')}`
  return valuesOf(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }))
}

interface Values {
  readonly type?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly const?: unknown
  readonly anyOf?: readonly unknown[] | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly exclusiveMinimum?: number | boolean | undefined
}

function valuesOf(values: Values): string {
  const { type, minimum, maximum, exclusiveMinimum } = values
  if (values.anyOf)
    return [...new Set(values.anyOf.map((each) => valuesOf(each as Values)))].filter(Boolean).join(', ')
  if (values.const !== undefined) return code(JSON.stringify(values.const))
  if (values.enum) return list(values.enum.map((each) => String(each)))
  if (type === 'number' || type === 'integer') {
    const low = count(minimum ?? Number(exclusiveMinimum))
    const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
    const range = isBounded ? `${low}–${count(maximum)}` : `${low} and more`
    return exclusiveMinimum === undefined ? range : `${range}, not ${low}`
  }
  if (type === 'boolean') return `${code('true')}, ${code('false')}`
  if (type === 'string') return 'a text'
  if (type === 'array') return 'a list'
  return type === 'object' ? 'an object' : ''
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
