import { showValue } from '../base/show.ts'
import { type Accept, acceptExpected, isAccept } from '../contracts/acceptance.ts'
import type { Classifier } from '../contracts/classifier.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ItemInput, ItemOutput, ItemSchemas } from '../contracts/item-kinds.ts'
import type { Page } from '../contracts/page.ts'
import type { ProxyUse } from '../contracts/proxy-filter.ts'
import type {
  CarryingRequest,
  CrawlRequest,
  LabelledRequest,
  OnlyMembersOf,
  RequestInput,
  UnlabelledRequest,
  UrlAlone,
} from '../contracts/request.ts'
import type { Schema, SchemaInput, SchemaOutput } from '../contracts/schema.ts'
import type {
  DataSchemas,
  Output,
  SkipReason,
  Source,
  SourceContext,
  SourceLimits,
  TreeKind,
  Yielded,
} from '../contracts/source.ts'
import type { Credentials, SourceSessions } from '../contracts/source-session.ts'
import { isUse, useExpected } from '../options/read-use.ts'
import { isHandlers, parserOf } from './handlers.ts'
import { isItemSchemas, problemOfKinds } from './item-schemas.ts'
import { isSchema, whyNoSchema } from './schema.ts'

/**
 * What a plugin author writes. The compiler reads everything else from it: params, items and data from their schemas,
 * labels from the names of the handlers. So an author names no type, and a label that nobody handles does not compile.
 */
export interface SourceDefinition<
  Params extends Schema,
  Item extends Schema | ItemSchemas,
  Labels extends string,
  Data extends DataOf<Labels>,
  Seeded = Seed<Requests<Labels, Data>>,
> {
  /** Letters, digits, dot, dash, underscore: it is typed on a command line and stands in every record. */
  readonly name: string
  /** One line for `regatta sources`. */
  readonly description?: string
  /** What the source can be told. */
  readonly params: Params
  /**
   * What it yields; an item that does not fit is set aside, and the crawl goes on. One schema, or one for each kind of item:
   * `page.item` then takes the kind first, and files and tables of their own may be had for each.
   */
  readonly item: Item
  /** What its requests carry: one schema where `parse` is a function, one for each label that carries data otherwise. */
  readonly data?: Data
  /** Obey robots.txt. Default true; false only for interfaces whose terms allow it. */
  readonly robots?: boolean
  /** Which proxies its requests may use, such as `country=US`. Default: any. */
  readonly use?: ProxyUse
  /**
   * Which tree `page.$` is of an HTML page. `plain` is made in one pass, and knows which end tags may be left out; `standard`
   * also repairs formatting in the wrong order and what tables have no place for, as a browser does, and takes twice the
   * time. docs/plugins.md says what differs. Default `plain`.
   */
  readonly tree?: TreeKind
  /** Whether `parse` wants answers with a status of 400 and more too. Default false: they end as dead letters. */
  readonly parsesErrors?: boolean
  /**
   * What each of its requests is sent with beside its own: an API key, in `headers` or `query`. Asked once, before anything is sent: what
   * it throws ends the crawl there. It is put on at the last moment, and stands in no log, no state and no address of a page.
   */
  credentials?(params: SchemaOutput<Params>, context: Pick<SourceContext, 'env'>): Credentials | undefined
  /** How the sessions that its requests name begin (a login, for instance), and how a page says that one is over. */
  readonly session?: SourceSessions<SchemaOutput<Params>>
  /** Asked before all other classifiers, for this source's pages only. */
  readonly classifier?: Classifier
  /**
   * Answers that are read as pages although a rule would refuse them: statuses and reasons of verdicts, or a function of the
   * response. Default: none.
   */
  readonly accept?: Accept
  /** `false`: whatever the host answers is read as it is, refusals and errors too. Default true. */
  readonly judge?: boolean
  /** Where to start. Pulled one at a time, so it may yield without end. */
  seeds(
    params: SchemaOutput<Params>,
    context: SourceContext,
  ): Yielded<Seeded & OnlyMembersOf<Seeded, RequestInput>>
  /** Reads a page: one function for all, or a handler for each label. Requests without a label go to `default`. */
  readonly parse:
    | Parser<Params, Item, Data extends Schema ? SchemaOutput<Data> : unknown, Requests<never, Data>>
    | {
        readonly [Label in Labels]: Parser<Params, Item, DataOfLabel<Data, Label>, Requests<Labels, Data>>
      }
  /**
   * Asked right before a request leaves, and again for each URL that a redirect leads to: `from` is then the request as it was
   * made. A reason, or one with a slug of its own, means that it is skipped, without a dead letter.
   */
  admit?(
    request: CrawlRequest,
    params: SchemaOutput<Params>,
    from?: CrawlRequest,
  ): string | SkipReason | undefined
  /**
   * Called once when the crawl has come to its end by itself and everything is stored: nothing was given up, set aside or left
   * for later. Here a source may write down where the next run is to begin.
   */
  complete?(params: SchemaOutput<Params>, context: SourceContext): void | Promise<void>
  /** Where the crawl ends although there would be more, and how often its service bears to be asked. Asked at its start. */
  limits?(params: SchemaOutput<Params>, context: Pick<SourceContext, 'env'>): SourceLimits
}

/** The schemas of what requests carry: one for all, or one for each label. */
type DataOf<Labels extends string> = Schema | { readonly [Label in Labels]?: Schema }

/** Reads a page, and yields what is on it. */
type Parser<Params extends Schema, Item extends Schema | ItemSchemas, Data, Next> = (
  page: Page<SchemaOutput<Params>, ItemOutput<Item>, ItemInput<Item>, Data, Next>,
  context: SourceContext,
) => Yielded<Output<ItemOutput<Item>> | undefined>

/** What the handler of a label gets; nothing where there is no schema for it. */
type DataOfLabel<Data, Label> = Label extends keyof Data
  ? Data[Label] extends Schema
    ? SchemaOutput<Data[Label]>
    : undefined
  : undefined

/** What a request for a label must bring. */
type DataForLabel<Data, Label> = Label extends keyof Data
  ? Data[Label] extends Schema
    ? SchemaInput<Data[Label]>
    : undefined
  : undefined

/**
 * The requests that a source takes. No labels means that `parse` is one function. A union of plain shapes, one for each
 * label: through a conditional type, TypeScript would widen `label: 'detail'` to a string before it compares.
 */
type Requests<Labels extends string, Data> =
  | { [Label in Labels]: LabelledRequest<Label, DataForLabel<Data, Label>> }[Labels]
  | ([Labels] extends [never]
      ? FreeRequest<Data>
      : 'default' extends Labels
        ? UnlabelledRequest<DataForLabel<Data, 'default'>>
        : never)

/** A request of a source with one `parse`. */
type FreeRequest<Data> = Data extends Schema ? CarryingRequest<SchemaInput<Data>> : RequestInput

/** A seed may be a URL alone where neither label nor data is needed. */
type Seed<Next> = Next | (UrlAlone extends Next ? string : never)

/**
 * Makes a source. Does nothing but look: a definition that could not work is refused here, with SOURCE_INVALID naming
 * the member, and not at the first page of a crawl.
 */
export function defineSource<
  Params extends Schema,
  Item extends Schema | ItemSchemas,
  Labels extends string = never,
  Data extends DataOf<Labels> = Record<never, never>,
  Seeded extends Seed<Requests<NoInfer<Labels>, NoInfer<Data>>> = Seed<
    Requests<NoInfer<Labels>, NoInfer<Data>>
  >,
>(definition: SourceDefinition<Params, Item, Labels, Data, Seeded>): DefinedSource<Params, Item> {
  const source: unknown = sourceOf(definition)
  // A schema knows its input and output types, but TypeScript cannot see through the generic one.
  return source as DefinedSource<Params, Item>
}

/** A source whose schemas keep their own types: `source.params.parse(…)`, where they are zod's. */
export interface DefinedSource<Params extends Schema, Item extends Schema | ItemSchemas>
  extends Omit<
    Source<SchemaOutput<Params>, ItemOutput<Item>, SchemaInput<Params>, ItemInput<Item>>,
    'params' | 'item'
  > {
  /** What a crawl takes. */
  readonly params: Params
  /** What a page yields. */
  readonly item: Item
}

/** Functions that were handlers, with their labels: the data of their sources, and of copies of these, stays by label. */
const parsers = new WeakMap<object, readonly string[]>()

/** The labels whose pages a source reads by handlers of their own; undefined where `parse` is one function. */
export function labelsOf({ parse }: Pick<Source, 'parse'>): readonly string[] | undefined {
  return parsers.get(parse)
}

/** `parse` as one that reads what `own` reads: where that was handlers, the data of its source stays by label. */
export function standingFor(own: Source['parse'], parse: Source['parse']): Source['parse'] {
  const labels = parsers.get(own)
  if (labels) parsers.set(parse, labels)
  return parse
}

/** The source that a module exports, defined or not; throws SOURCE_INVALID. */
export function sourceOf(value: unknown): Source {
  const problem = problemOf(value)
  if (problem !== undefined) {
    throw new RegattaError('SOURCE_INVALID', `${problem}.`, { value: { source: nameOf(value) } })
  }
  const { parse, ...rest } = value as Omit<Source, 'parse'> & { readonly parse: unknown }
  if (!isHandlers(parse)) return value as Source
  const parser = parserOf(rest.name, parse)
  parsers.set(parser, Object.keys(parse))
  return { ...rest, parse: parser }
}

/** Why `value` is not a source, as a sentence without its full stop; undefined when it is one. */
export function problemOf(value: unknown): string | undefined {
  if (typeof value === 'string' && /^https?:/i.test(value)) {
    return "A source is no URL: write crawl(site, { start: 'https://…' }) with site of regatta/plugins/site"
  }
  const whole = `A source is an object with ${needed.join(', ')}, as defineSource makes it`
  if (typeof value !== 'object' || value === null) return `${whole} (got ${showValue(value)})`
  const members = value as Record<string, unknown>
  const { name } = members
  const missing = needed.filter((member) => members[member] === undefined)
  if (name === undefined && missing.length > 1) return `${whole}; without ${missing.join(', ')} it is none`
  if (typeof name !== 'string' || !/^[a-z0-9][\w.-]*$/i.test(name)) {
    return `A source needs a name of letters, digits, dots, dashes or underscores (got ${JSON.stringify(name) ?? typeof name})`
  }
  for (const [member, check] of Object.entries(expectations)) {
    if (check.holds(members[member])) continue
    const why = check.isSchema ? whyNoSchema(members[member]) : undefined
    return `Source "${name}": "${member}" must be ${check.expected}${why === undefined ? '' : `; ${why}`}`
  }
  const unknown = Object.keys(members).find((member) => !(member in expectations))
  if (unknown !== undefined) return `Source "${name}" has a member "${unknown}" that means nothing here`
  const kinds = isItemSchemas(members.item) ? problemOfKinds(members.item) : undefined
  if (kinds !== undefined) return `Source "${name}": "item" ${kinds}`
  return problemOfData(name, members.data, members.parse)
}

/** Data goes with the form of `parse`: by label with handlers, one schema without. */
function problemOfData(name: string, data: unknown, parse: unknown): string | undefined {
  if (data === undefined) return undefined
  if (typeof parse === 'function' && parsers.has(parse)) return undefined
  if (!isHandlers(parse)) {
    return isSchema(data)
      ? undefined
      : `Source "${name}": "data" must be one schema, because "parse" is one function`
  }
  if (!isDataSchemas(data))
    return `Source "${name}": "data" must be a schema for each label, because "parse" has handlers`
  const label = Object.keys(data).find((each) => !Object.hasOwn(parse, each))
  return label === undefined
    ? undefined
    : `Source "${name}" has data for the label "${label}", and no handler for it`
}

const needed = ['name', 'params', 'item', 'seeds', 'parse']

export function isSource(value: unknown): boolean {
  return problemOf(value) === undefined
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('name' in value)) return undefined
  return typeof value.name === 'string' ? value.name : undefined
}

function isDataSchemas(value: unknown): value is DataSchemas {
  return (
    typeof value === 'object' && value !== null && !isSchema(value) && Object.values(value).every(isSchema)
  )
}

const isSessions = (value: unknown) => {
  if (typeof value !== 'object' || value === null) return false
  const { begin, acquire, isOver, invalid, maxUses, maxAge, size, ...rest } = value as Record<string, unknown>
  const isOne = (begin === undefined) !== (acquire === undefined)
  return (
    isOne &&
    [begin, acquire, isOver, invalid].every(optional(isFunction)) &&
    [maxUses, maxAge, size].every(optional(isFromOne)) &&
    Object.keys(rest).length === 0
  )
}
const isFunction = (value: unknown) => typeof value === 'function'
const isFromOne = (value: unknown) => typeof value === 'number' && value >= 1
const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || check(value)

const orAny = 'or any other Standard Schema (valibot, arktype, …)'

const expectations: Record<string, { holds(value: unknown): boolean; expected: string; isSchema?: true }> = {
  name: { holds: (value) => typeof value === 'string', expected: 'a string' },
  description: { holds: optional((value) => typeof value === 'string'), expected: 'a string' },
  params: { holds: isSchema, expected: `a zod schema, such as z.object({}), ${orAny}`, isSchema: true },
  item: {
    holds: (value) => isSchema(value) || isItemSchemas(value),
    expected: `a zod schema, such as z.object({ title: z.string() }), ${orAny}; or one for each kind of item`,
    isSchema: true,
  },
  data: {
    holds: optional((value) => isSchema(value) || isDataSchemas(value)),
    expected: `a zod schema, ${orAny}; or one for each label`,
    isSchema: true,
  },
  robots: { holds: optional((value) => typeof value === 'boolean'), expected: 'true or false' },
  parsesErrors: { holds: optional((value) => typeof value === 'boolean'), expected: 'true or false' },
  tree: {
    holds: optional((value) => value === 'plain' || value === 'standard'),
    expected: '"plain" or "standard"',
  },
  use: { holds: optional(isUse), expected: useExpected },
  seeds: { holds: isFunction, expected: 'a generator function' },
  parse: {
    holds: (value) => isFunction(value) || isHandlers(value),
    expected: 'a generator function, or one for each label',
  },
  admit: { holds: optional(isFunction), expected: 'a function' },
  limits: { holds: optional(isFunction), expected: 'a function' },
  credentials: { holds: optional(isFunction), expected: 'a function' },
  complete: { holds: optional(isFunction), expected: 'a function' },
  session: {
    holds: optional(isSessions),
    expected:
      'an object with a function begin(session, params, context) or acquire(fetch, session, params, context), and perhaps invalid(response), isOver(page), and numbers from 1: maxUses, maxAge, size',
  },
  accept: { holds: optional(isAccept), expected: acceptExpected },
  judge: { holds: optional((value) => typeof value === 'boolean'), expected: 'true or false' },
  classifier: {
    holds: optional(
      (value) =>
        typeof value === 'object' && value !== null && 'classify' in value && isFunction(value.classify),
    ),
    expected: 'a classifier (see defineClassifier)',
  },
}
