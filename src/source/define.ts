import type { z } from 'zod'
import type { Classifier } from '../contracts/classifier.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import type { Output, Source, SourceContext, SourceLimits, Yielded } from '../contracts/source.ts'

/** What a plugin author writes; params and items get their types from the two schemas. */
export interface SourceDefinition<ParamsSchema extends z.ZodType, ItemSchema extends z.ZodType> {
  /** Letters, digits, dot, dash, underscore: it is typed on a command line and stands in every record. */
  readonly name: string
  /** One line for `regatta sources`. Default: none. */
  readonly description?: string
  /** What a crawl takes. */
  readonly params: ParamsSchema
  /** What a page yields. */
  readonly item: ItemSchema
  /** Obey robots.txt. Default true; false only for interfaces whose terms allow it. */
  readonly robots?: boolean
  /** Whether `parse` wants answers with a status of 400 and more too. Default false: they end as dead letters. */
  readonly parsesErrors?: boolean
  /** Asked before all other classifiers, for this source's pages only. Default: none. */
  readonly classifier?: Classifier
  /** Where the crawl starts: requests, or their URLs. */
  seeds(params: z.output<ParamsSchema>, context: SourceContext): Yielded<RequestInput | string>
  /** Reads a page: yields items, edges and requests. It may run again for the same page. */
  parse(
    page: Page<z.output<ParamsSchema>, z.output<ItemSchema>, z.input<ItemSchema>>,
    context: SourceContext,
  ): Yielded<Output<z.output<ItemSchema>> | undefined>
  /** Asked right before a request leaves; a reason means it is skipped. Default: all leave. */
  admit?(request: CrawlRequest, params: z.output<ParamsSchema>): string | undefined
  /** Where the crawl ends although there would be more. Default: nowhere. */
  limits?(params: z.output<ParamsSchema>): SourceLimits
}

/**
 * Makes a source. Does nothing but look: a definition that could not work is refused here, with SOURCE_INVALID naming
 * the member, and not at the first page of a crawl.
 */
export function defineSource<ParamsSchema extends z.ZodType, ItemSchema extends z.ZodType>(
  definition: SourceDefinition<ParamsSchema, ItemSchema>,
): Source<z.output<ParamsSchema>, z.output<ItemSchema>, z.input<ParamsSchema>, z.input<ItemSchema>> {
  const problem = problemOf(definition)
  if (problem !== undefined) {
    throw new RegattaError('SOURCE_INVALID', `${problem}.`, { value: { source: nameOf(definition) } })
  }
  // A schema knows its input and output types, but TypeScript cannot see through the generic one.
  return definition as unknown as Source<
    z.output<ParamsSchema>,
    z.output<ItemSchema>,
    z.input<ParamsSchema>,
    z.input<ItemSchema>
  >
}

/** Why `value` is not a source, as a sentence without its full stop; undefined when it is one. */
export function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return 'A source is an object with name, params, item, seeds and parse'
  const members = value as Record<string, unknown>
  const { name } = members
  if (typeof name !== 'string' || !/^[a-z0-9][\w.-]*$/i.test(name)) {
    return `A source needs a name of letters, digits, dots, dashes or underscores (got ${JSON.stringify(name) ?? typeof name})`
  }
  for (const [member, check] of Object.entries(expectations)) {
    if (!check.holds(members[member])) return `Source "${name}": "${member}" must be ${check.expected}`
  }
  const unknown = Object.keys(members).find((member) => !(member in expectations))
  return unknown === undefined
    ? undefined
    : `Source "${name}" has a member "${unknown}" that means nothing here`
}

export function isSource(value: unknown): value is Source {
  return problemOf(value) === undefined
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('name' in value)) return undefined
  return typeof value.name === 'string' ? value.name : undefined
}

const isFunction = (value: unknown) => typeof value === 'function'
const isSchema = (value: unknown) =>
  typeof value === 'object' && value !== null && 'safeParse' in value && isFunction(value.safeParse)
const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || check(value)

const expectations: Record<string, { holds(value: unknown): boolean; expected: string }> = {
  name: { holds: (value) => typeof value === 'string', expected: 'a string' },
  description: { holds: optional((value) => typeof value === 'string'), expected: 'a string' },
  params: { holds: isSchema, expected: 'a zod schema, such as z.object({})' },
  item: { holds: isSchema, expected: 'a zod schema, such as z.object({ title: z.string() })' },
  robots: { holds: optional((value) => typeof value === 'boolean'), expected: 'true or false' },
  parsesErrors: { holds: optional((value) => typeof value === 'boolean'), expected: 'true or false' },
  seeds: { holds: isFunction, expected: 'a generator function' },
  parse: { holds: isFunction, expected: 'a generator function' },
  admit: { holds: optional(isFunction), expected: 'a function' },
  limits: { holds: optional(isFunction), expected: 'a function' },
  classifier: {
    holds: optional(
      (value) =>
        typeof value === 'object' && value !== null && 'classify' in value && isFunction(value.classify),
    ),
    expected: 'a classifier (see defineClassifier)',
  },
}
