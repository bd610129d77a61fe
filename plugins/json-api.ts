import { type DefinedSource, defineSource, RegattaError } from 'regatta'
import {
  type Api,
  crawlApi,
  faultOfAccess,
  file,
  fillUrl,
  isPointer,
  placesIn,
  wholeNumber,
} from 'regatta/source'
import { z } from 'zod'

/**
 * An interface that answers in pages of JSON, NDJSON or CSV, without code. What is said of it stands on the command line
 * (`regatta crawl json-api --param url=…`), in a file (`regatta crawl ./api.json`) or in a program (`defineJsonApi`), in the same
 * words. docs/sources/json-api.md has the ways of paging, and what well-known interfaces need.
 */
const pointer = z.string().refine(isPointer, 'expected a JSON pointer such as /data/items')
const place = z
  .string()
  .refine(
    (text) => isPointer(text) || /^header:\s*\S/i.test(text),
    'expected a JSON pointer such as /meta/next, or header:NAME',
  )
const access = z.string().superRefine((text, context) => {
  const fault = faultOfAccess(text)
  if (fault !== undefined) context.addIssue(fault)
})
const accesses = z.union([access, z.array(access)])
const json = z.unknown().transform((value, context) => {
  try {
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : value
  } catch {
    context.addIssue('expected JSON')
    return z.NEVER
  }
})

/** A list of an interface. */
const list = {
  url: z
    .string()
    .describe('Where to ask: {page}, {offset}, {limit}, {cursor} and {since} in it are filled in.'),
  items: pointer
    .default('')
    .describe('Where the list is in the answer: a JSON pointer. The empty one is the whole.'),
  next: place
    .optional()
    .describe(
      'Where the next URL is, or the cursor for {cursor}: a JSON pointer, or header:NAME. Default: a Link header.',
    ),
  last: pointer.optional().describe('The field of the last item that is the cursor for {cursor}: /id.'),
  cursor: z.string().optional().describe('The cursor of the first page. Default: its parameter is left out.'),
  more: place.optional().describe('Where the answer says whether there is more: /has_more.'),
  total: place.optional().describe('Where the number of all items is. Default: an empty page is the last.'),
  pages: place.optional().describe('Where the number of all pages is: /nbPages, header:X-WP-TotalPages.'),
  firstPage: wholeNumber().default(1).describe('The number of the first page.'),
  limit: wholeNumber().pipe(z.int().min(1)).default(100).describe('What {limit} is.'),
  body: json
    .optional()
    .describe('A body of JSON, sent by POST. A text in it that is "{cursor}" becomes the cursor.'),
  format: z
    .enum(['json', 'ndjson', 'json-seq', 'csv'])
    .optional()
    .describe('What the answer is. Default: what its type says.'),
  delimiter: z.string().min(1).optional().describe('Between the cells of CSV. Default: told by the head.'),
}

const whole = {
  ...list,
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Sent with each request. Keys stand in auth.'),
  auth: accesses
    .optional()
    .describe(
      'Who asks, by variables of the environment: bearer ${TOKEN}, basic ${USER}:${PASSWORD}, header NAME: ${KEY}, query NAME=${KEY}.',
    ),
  since: pointer
    .optional()
    .describe(
      'A field of the items that grows: /updated_at. Only items from its last value on are given; with bookmark.',
    ),
  from: z
    .string()
    .optional()
    .describe('What {since} is in the first run. Default: its parameter is left out.'),
  key: pointer.default('/id').describe('The field that tells items with the same value of since apart.'),
}

const bookmark = file().describe('A file that keeps how far the last complete run came; with since.')

const params = z
  .strictObject({ ...whole, bookmark: bookmark.optional() })
  .refine(({ url }) => isTemplate(url, []), {
    path: ['url'],
    error:
      'expected an http or https URL; only {page}, {offset}, {limit}, {cursor} and {since} stand in braces',
  })
  .refine((given) => (given.since === undefined) === (given.bookmark === undefined), {
    path: ['bookmark'],
    error: 'since and bookmark are given together',
  })

const item = z.unknown()

const { session: _noLogin, ...asked } = crawlApi<z.output<typeof params>>('json-api', (given) => given)

export const jsonApi = defineSource({
  name: 'json-api',
  description: 'The items of a paged JSON interface',
  params,
  item,
  ...asked,
})

const childBase = {
  ...list,
  url: list.url.describe(
    'Where the list of an item is: JSON pointers in braces, {/id}, are filled in from the item.',
  ),
  keep: z
    .record(z.string(), pointer)
    .default({})
    .describe('Fields that each item takes over from the one above it, by name.'),
}
interface ChildInput extends z.input<z.ZodObject<typeof childBase>> {
  readonly children?: Readonly<Record<string, ChildInput>> | undefined
}
interface Child extends z.output<z.ZodObject<typeof childBase>> {
  readonly children?: Readonly<Record<string, Child>> | undefined
}
const child: z.ZodType<Child, ChildInput> = z.strictObject({
  ...childBase,
  get children() {
    return z.record(z.string().regex(/^[\w-]+$/, 'expected a name'), child).optional()
  },
})

const login = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where the token is asked for, by POST.'),
  body: z.unknown().optional().describe('Sent as JSON; variables stand in it as ${NAME}.'),
  form: z.record(z.string(), z.string()).optional().describe('Sent as a form, in place of body.'),
  auth: accesses.optional().describe('Sent with it.'),
  token: pointer.default('/access_token').describe('Where the answer has the token.'),
  send: z
    .string()
    .includes('{token}')
    .default('bearer {token}')
    .describe('How each request shows the token.'),
})

const declaration = z
  .strictObject({
    ...whole,
    name: z.string().regex(/^[a-z0-9][\w.-]*$/i, 'expected letters, digits, dots, dashes or underscores'),
    description: z.string().optional(),
    params: z
      .record(z.string().regex(/^[a-z]\w*$/i, 'expected a name'), z.union([z.string(), z.number(), z.null()]))
      .default({}),
    children: z.record(z.string().regex(/^[\w-]+$/, 'expected a name'), child).optional(),
    login: login.optional(),
    robots: z.boolean().optional(),
  })
  .refine(({ url, params: own }) => isTemplate(url, Object.keys(own)), {
    path: ['url'],
    error:
      'expected an http or https URL; what stands in braces is {page}, {offset}, {limit}, {cursor}, {since} or a param',
  })

/** What is said of an interface; `params` are those that its user gives: a default, or null where there is none. */
export type JsonApi = z.input<typeof declaration>

/**
 * A source for an interface. `{owner}` in a URL is a param that `params` names. Throws SOURCE_INVALID naming what is wrong with
 * it; `where` begins that sentence. Default: its name.
 */
export function defineJsonApi(
  api: JsonApi,
  where?: string,
): DefinedSource<z.ZodType<Record<string, unknown>>, z.ZodUnknown> {
  const parsed = declaration.safeParse(api)
  const named = where ?? `The interface "${(api as Partial<JsonApi> | null)?.name}"`
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
    throw new RegattaError('SOURCE_INVALID', `${named} is not declared as one: ${issues.join('; ')}.`, {
      value: { source: (api as Partial<JsonApi> | null)?.name },
    })
  }
  const { name, description, params: own, robots, ...declared } = parsed.data
  const fields = Object.entries(own).map(([key, value]) => [key, paramOf(value)] as const)
  const schema: z.ZodType<Record<string, unknown>> = z.strictObject({
    ...Object.fromEntries(fields),
    ...(declared.since !== undefined && { bookmark: bookmark.optional() }),
  })
  const { session, ...behaviour } = crawlApi<Record<string, unknown>>(name, (given) =>
    resolved(declared, given),
  )
  return defineSource({
    name,
    ...(description !== undefined && { description }),
    params: schema,
    item,
    ...(robots !== undefined && { robots }),
    ...behaviour,
    ...(declared.login && { session }),
  })
}

function paramOf(standard: string | number | null) {
  const value = z.union([z.string(), z.number().transform(String)])
  return standard === null ? value : value.default(String(standard))
}

type Declared = Omit<z.output<typeof declaration>, 'name' | 'description' | 'params' | 'robots'>

/** The interface as it is asked: with what the user has given in its places. */
function resolved(declared: Declared, given: Readonly<Record<string, unknown>>): Api {
  const { bookmark: kept, ...values } = given
  const inChildren = (children: Declared['children']): Declared['children'] =>
    children &&
    Object.fromEntries(
      Object.entries(children).map(([kind, each]) => [
        kind,
        { ...each, url: fillUrl(each.url, values), children: inChildren(each.children) },
      ]),
    )
  return {
    ...declared,
    url: fillUrl(declared.url, values),
    children: inChildren(declared.children),
    ...(typeof kept === 'string' && { bookmark: kept }),
  }
}

const known = ['page', 'offset', 'limit', 'cursor', 'since']

function isTemplate(url: string, own: readonly string[]): boolean {
  const isKnown = placesIn(url).every((name) => known.includes(name) || own.includes(name))
  return isKnown && /^https?:\/\//i.test(url) && URL.canParse(fillUrl(url, {}))
}
