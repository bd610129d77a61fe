import { readFile } from 'node:fs/promises'
import { defineClassifier, defineSource, RegattaError } from 'regatta'
import { baseUrl, endpoint, file, list, type QueryValues, wholeNumber } from 'regatta/source'
import { z } from 'zod'

/**
 * Works, authors and subjects of Open Library as a graph, by its JSON interfaces (https://openlibrary.org/developers/api).
 * From a few seeds it follows a work to its authors and subjects, and those to their works. Each is asked for once, however
 * many lead to it, so that each comes once; what leads to what is an edge. Records that were merged are answered with the
 * key they went to: that is an edge, too, because others still name the old key.
 */
const seedExpected =
  'expected a key or an address of Open Library: OL45804W, /authors/OL23919A, /subjects/love, subject:love, place:oslo'

/** Where a graph is followed. */
const ways = ['authors', 'subjects', 'author-works', 'subject-works'] as const

const params = z
  .strictObject({
    seeds: list()
      .pipe(z.array(z.string().refine((seed) => keyOf(seed) !== undefined, seedExpected)))
      .default([])
      .describe(
        'where to start: keys or addresses of works, authors, subjects (`OL45804W`, `/authors/OL23919A`, `subject:love`, `place:oslo`); an edition (`OL7353617M`) leads to its work',
      ),
    file: file()
      .optional()
      .describe('a file with a seed on each line, or `-` for what is piped in; `#` begins a comment'),
    follow: list()
      .pipe(z.array(z.enum(ways)))
      .default([...ways])
      .describe('what is followed'),
    depth: wholeNumber()
      .pipe(z.int().min(0))
      .optional()
      .describe(
        'steps from a seed, from a work to an author, say; what is further away is named by edges alone',
      ),
    worksPerAuthor: wholeNumber()
      .pipe(z.int().min(1))
      .default(1_000)
      .describe('works of one author that are followed at most'),
    worksPerSubject: wholeNumber()
      .pipe(z.int().min(1))
      .default(1_000)
      .describe('the same of one subject: those with the most editions'),
    pageSize: wholeNumber()
      .pipe(z.int().min(1).max(1_000))
      .default(100)
      .describe('works on one page of such a list, 1,000 at most'),
    contact: z
      .string()
      .regex(/^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/, 'expected an email address')
      .optional()
      .describe(
        'an email address for the User-Agent, as the terms ask for: whom it names may ask three times as often',
      ),
    rate: wholeNumber()
      .pipe(z.int().min(1))
      .optional()
      .describe(
        'requests a minute of one address; without it what the service allows, 180 with a `contact` and 60 without',
      ),
    base: baseUrl('https://openlibrary.org').describe('where the interface is'),
  })
  .refine(({ seeds, file }) => seeds.length > 0 || file !== undefined, {
    message: 'expected seeds, or a file of them',
    path: ['seeds'],
  })

type Params = z.output<typeof params>

const key = (example: string) => z.string().describe(`such as ${example}`)
const asWritten = (example: string) => z.string().nullable().describe(`as it is written there: ${example}`)
const modified = z.string().nullable().describe('when the record was changed last; ISO 8601, in UTC')

const work = z.object({
  kind: z.literal('work'),
  key: key('`/works/OL45804W`'),
  title: z.string().nullable(),
  description: z.string().nullable(),
  authors: z.array(z.string()).describe('keys, as the record has them'),
  subjects: z.array(z.string()).describe('names, of places, persons and times too'),
  firstPublished: asWritten('`October 1, 1988`'),
  covers: z.array(z.number()).describe('numbers of its covers'),
  modified,
})

const author = z.object({
  kind: z.literal('author'),
  key: key('`/authors/OL23919A`'),
  name: z.string().nullable(),
  born: asWritten('`31 July 1965`'),
  died: asWritten('`1817`'),
  bio: z.string().nullable(),
  alternateNames: z.array(z.string()),
  modified,
})

const subject = z.object({
  kind: z.literal('subject'),
  key: key('`/subjects/love` or `/subjects/place:oslo`'),
  name: z.string(),
  type: z.string().describe('`subject`, `place`, `person` or `time`'),
  works: z.number().describe('how many the service has'),
})

/** A text, or an object around one. Many hands wrote these records: what is of another type is not there. */
const text = z
  .union([z.string(), z.object({ value: z.string() }).transform(({ value }) => value)])
  .nullable()
  .catch(null)
  .default(null)
const texts = z
  .array(z.unknown())
  .catch([])
  .default([])
  .transform((all) => all.filter((each) => typeof each === 'string'))
const keyed = z.object({ key: z.string() })
const record = z.looseObject({ key: z.string(), type: keyed, location: z.string().optional() })
const written = z.object({ author: z.union([keyed, z.string()]).optional(), key: z.string().optional() })

const workRecord = z.object({
  title: text,
  description: text,
  authors: z.array(written.catch({})).catch([]).default([]),
  subjects: texts,
  subject_places: texts,
  subject_people: texts,
  subject_times: texts,
  first_publish_date: text,
  covers: z.array(z.number()).catch([]).default([]),
  last_modified: text,
})
const authorRecord = z.object({
  name: text,
  birth_date: text,
  death_date: text,
  bio: text,
  alternate_names: texts,
  last_modified: text,
})
const editionRecord = z.object({ works: z.array(keyed).default([]) })
const authorWorks = z.object({
  size: z.number().optional(),
  links: z.object({ next: z.string().optional() }).default({}),
  entries: z.array(keyed),
})
const subjectRecord = z.object({
  key: z.string(),
  name: z.string(),
  subject_type: z.string().default('subject'),
  work_count: z.number(),
  works: z.array(keyed),
})

/** What each request carries: whose it is, how many steps from a seed, and where in a list. */
const place = z.object({ key: z.string(), steps: z.number(), offset: z.number().default(0) })

/** A good answer is JSON, and says nothing of an error. */
const classifier = defineClassifier({
  name: 'openlibrary',
  classify(exchange) {
    if (exchange.kind === 'fault' || exchange.status !== 200 || exchange.file) return undefined
    if (!/\.json(\?|$)/.test(exchange.url)) return undefined
    const answer = Buffer.from(exchange.body.buffer, exchange.body.byteOffset, exchange.body.length)
    // A page that says that the service is being mended, or an answer that was cut where nobody could see it.
    const ends =
      answer.subarray(0, 64).toString('latin1').trimStart()[0] +
      answer.subarray(-64).toString('latin1').trimEnd().slice(-1)
    // Over TLS nobody but the service can have said it.
    const kind = exchange.url.startsWith('https:') ? 'target' : 'transient'
    if (ends !== '{}') return { kind, reason: 'not-json' }
    return answer.length < 1_000 ? verdictOf(answer.toString(), kind) : undefined
  },
})

/** Some refusals come with a good status. */
function verdictOf(answer: string, kind: 'target' | 'transient') {
  const { data } = z
    .object({ error: z.string().optional(), status: z.number().optional() })
    .safeParse(jsonOf(answer))
  if (data?.status === 429) return { kind: 'rate-limited', reason: 'status-429' } as const
  if (data?.error === 'notfound') return { kind: 'final', reason: 'status-404' } as const
  return data?.error === undefined ? undefined : { kind, reason: 'error-in-json' }
}

export const openlibrary = defineSource({
  name: 'openlibrary',
  description: 'Works, authors and subjects of Open Library, as a graph',
  params,
  item: z.discriminatedUnion('kind', [work, author, subject]),
  data: { work: place, author: place, authorWorks: place, subject: place, edition: place },
  classifier,

  limits: ({ contact, rate }) => ({
    perProxy: { requests: rate ?? (contact === undefined ? 60 : 180), per: 'minute' },
  }),

  async *seeds(given, { input }) {
    for (const seed of given.seeds) yield* requestsFor([keyOf(seed)!], 0, given)
    if (given.file === undefined) return
    const lines = (await textOf(given.file, input)).split(/\r?\n/)
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue
      const key = keyOf(line)
      if (key === undefined)
        throw new RegattaError(
          'SOURCE_FAILED',
          `${given.file}, line ${index + 1}: ${seedExpected} (got "${line.slice(0, 80)}").`,
        )
      yield* requestsFor([key], 0, given)
    }
  },

  parse: {
    *work(page) {
      const { key, steps } = page.data
      const found = page.json(record)
      const moved = movedTo(found, '/type/work', key)
      if (moved !== undefined) {
        if ('reason' in moved) return yield page.skip(moved.reason, moved)
        yield page.edge({ from: key, to: moved.key, type: 'redirects_to' })
        return yield page.follow(requestsFor([moved.key], steps, page.params))
      }
      const { authors, ...of } = page.json(workRecord)
      const writers = distinct(authors.map(writerOf))
      const names = {
        subject: of.subjects,
        place: of.subject_places,
        person: of.subject_people,
        time: of.subject_times,
      }
      const topics = distinct(
        Object.entries(names).flatMap(([kind, each]) => each.map((name) => subjectKey(kind, name))),
      )
      yield page.item({
        kind: 'work',
        key,
        title: of.title,
        description: of.description,
        authors: writers,
        subjects: distinct(Object.values(names).flat()),
        firstPublished: of.first_publish_date,
        covers: of.covers.filter((cover) => cover > 0),
        modified: of.last_modified,
      })
      for (const to of writers) yield page.edge({ from: key, to, type: 'written_by' })
      for (const to of topics) yield page.edge({ from: key, to, type: 'has_subject' })
      const { follow } = page.params
      if (follow.includes('authors')) yield page.follow(requestsFor(writers, steps + 1, page.params))
      if (follow.includes('subjects')) yield page.follow(requestsFor(topics, steps + 1, page.params))
    },

    *author(page) {
      const { key, steps } = page.data
      const moved = movedTo(page.json(record), '/type/author', key)
      if (moved !== undefined) {
        if ('reason' in moved) return yield page.skip(moved.reason, moved)
        yield page.edge({ from: key, to: moved.key, type: 'redirects_to' })
        return yield page.follow(requestsFor([moved.key], steps, page.params))
      }
      const of = page.json(authorRecord)
      yield page.item({
        kind: 'author',
        key,
        name: of.name,
        born: of.birth_date,
        died: of.death_date,
        bio: of.bio,
        alternateNames: of.alternate_names,
        modified: of.last_modified,
      })
      if (page.params.follow.includes('author-works')) yield page.follow(authorPage(page.data, page.params))
    },

    *authorWorks(page) {
      const { steps, offset } = page.data
      const { pageSize, worksPerAuthor } = page.params
      const { entries, links, size } = page.json(authorWorks)
      const works = entries.slice(0, worksPerAuthor - offset).map(({ key }) => key)
      yield page.follow(requestsFor(works, steps + 1, page.params))
      const next = offset + pageSize
      const isMore = links.next !== undefined && next < Math.min(size ?? Infinity, worksPerAuthor)
      if (isMore) yield page.follow(authorPage({ ...page.data, offset: next }, page.params))
    },

    *subject(page) {
      const { key, steps, offset } = page.data
      const { pageSize, worksPerSubject, follow } = page.params
      const found = page.json(subjectRecord)
      if (offset === 0) {
        const { name, subject_type: type, work_count: works } = found
        yield page.item({ kind: 'subject', key, name, type, works })
      }
      if (!follow.includes('subject-works')) return
      const works = found.works.slice(0, worksPerSubject - offset).map((each) => each.key)
      yield page.follow(requestsFor(works, steps + 1, page.params))
      const next = offset + pageSize
      const isMore = works.length > 0 && next < Math.min(found.work_count, worksPerSubject)
      if (isMore) yield page.follow(subjectPage({ ...page.data, offset: next }, page.params))
    },

    *edition(page) {
      const { key, steps } = page.data
      const moved = movedTo(page.json(record), '/type/edition', key)
      if (moved !== undefined) {
        if ('reason' in moved) return yield page.skip(moved.reason, moved)
        return yield page.follow(requestsFor([moved.key], steps, page.params))
      }
      const works = page.json(editionRecord).works.map((each) => each.key)
      yield page.skip('edition', { detail: 'an edition is no item; its work is' })
      yield page.follow(requestsFor(works, steps, page.params))
    },
  },
})

type Place = z.output<typeof place>

/** A request for the handler of a label. */
type Asked<Label extends string> = Label extends string
  ? { url: string; priority: number; headers?: Record<string, string>; label: Label; data: Place }
  : never

type RecordRequest = Asked<'work' | 'author' | 'subject' | 'edition'>

/** Requests for the records of these keys, as far as the crawl goes; keys of anything else are left out. */
function requestsFor(keys: readonly string[], steps: number, given: Params): RecordRequest[] {
  if (steps > (given.depth ?? Infinity)) return []
  return keys.flatMap((key): RecordRequest[] => {
    const data = { key, steps, offset: 0 }
    const asked = { ...ask(key, {}, steps, given), data }
    if (key.startsWith('/works/')) return [{ ...asked, label: 'work' }]
    if (key.startsWith('/authors/')) return [{ ...asked, label: 'author' }]
    if (key.startsWith('/books/')) return [{ ...asked, label: 'edition' }]
    return key.startsWith('/subjects/') ? [subjectPage(data, given)] : []
  })
}

function authorPage(data: Place, given: Params): Asked<'authorWorks'> {
  const query = { limit: given.pageSize, offset: data.offset }
  return { ...ask(`${data.key}/works`, query, data.steps, given), label: 'authorWorks', data }
}

function subjectPage(data: Place, given: Params): Asked<'subject'> {
  const { follow, pageSize } = given
  const query = { limit: follow.includes('subject-works') ? pageSize : 0, offset: data.offset }
  return { ...ask(data.key, query, data.steps, given), label: 'subject', data }
}

/** What is nearer to a seed is asked for first, so that `depth` cuts little off. */
function ask(key: string, query: QueryValues, steps: number, { base, contact }: Params) {
  const path = key
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%3A', ':'))
    .join('/')
  return {
    url: endpoint(base, `${path}.json`, query),
    priority: Math.min(7, steps),
    ...(contact !== undefined && { headers: { 'user-agent': `regatta (${contact})` } }),
  }
}

/** Where a record went that is not of this type or has another key, or why it is nowhere; undefined where it is what was asked for. */
function movedTo(found: z.output<typeof record>, type: string, key: string) {
  if (found.type.key === '/type/redirect') {
    const to = found.location === undefined ? undefined : keyOf(found.location)
    return to === undefined
      ? { reason: 'redirect', detail: 'it was merged, and does not say into what' }
      : { key: to }
  }
  if (found.type.key === '/type/delete') return { reason: 'deleted', detail: 'its record was deleted' }
  if (found.type.key !== type) return { reason: 'type', detail: `its record is of ${found.type.key}` }
  return found.key === key ? undefined : { key: found.key }
}

/** `/works/OL1W` for `OL1W` and for every address of it, `/subjects/love` for `subject:Love`. Undefined for anything else. */
function keyOf(seed: string): string | undefined {
  const given = seed.trim()
  const path = URL.canParse(given) && /^https?:/i.test(given) ? decoded(new URL(given).pathname) : given
  const [, subject] = /^\/?subjects\/([^/]+?)(?:\.json)?\/?$/.exec(path) ?? []
  const [, kind = 'subject', name = ''] =
    /^(?:(subject|place|person|time):)?(.+)$/s.exec(subject ?? path) ?? []
  if (subject !== undefined || name !== path) return subjectKey(kind, name.replaceAll('_', ' '))
  const [, olid] = /^(?:\/?(?:works|authors|books)\/)?(OL\d+[WAM])(?:[./].*)?$/i.exec(path) ?? []
  if (olid === undefined) return undefined
  const id = olid.toUpperCase()
  return `/${{ W: 'works', A: 'authors', M: 'books' }[id.at(-1) as 'W' | 'A' | 'M']}/${id}`
}

/** What the service makes of a subject's name: in small letters, without what has a meaning in addresses. */
function subjectKey(kind: string, name: string): string | undefined {
  const slug = name
    .trim()
    .toLowerCase()
    .replace(/[;/?:@&=+$,<>#%"{}|\\^[\]`\n\r]/g, '')
    .replaceAll(' ', '_')
  return slug === '' ? undefined : `/subjects/${kind === 'subject' ? '' : `${kind}:`}${slug}`
}

/** Beside `{ author: { key } }` there are older forms, and entries that name nobody. */
function writerOf({ author, key }: z.output<typeof written>): string | undefined {
  const named = typeof author === 'string' ? author : (author?.key ?? key)
  return named === undefined ? undefined : keyOf(named)
}

function distinct(all: readonly (string | undefined)[]): string[] {
  return [...new Set(all)].filter((each) => each !== undefined)
}

async function textOf(path: string, input: AsyncIterable<string | Uint8Array> | undefined): Promise<string> {
  if (path !== '-') return readFile(path, 'utf8')
  const parts: Uint8Array[] = []
  for await (const part of input ?? []) parts.push(typeof part === 'string' ? Buffer.from(part) : part)
  return Buffer.concat(parts).toString()
}

function jsonOf(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
