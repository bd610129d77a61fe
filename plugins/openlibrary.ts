import { readFile } from 'node:fs/promises'
import { defineClassifier, defineSource, RegattaError } from 'regatta'
import { file, list, wholeNumber } from 'regatta/source'
import { z } from 'zod'

/**
 * Works, authors and subjects of Open Library as a graph, by its JSON interfaces (https://openlibrary.org/developers/api).
 * From a few seeds it follows a work to its authors and subjects, and those to their works. Each is asked for once, however
 * many lead to it, so that each comes once; what leads to what is an edge. Records that were merged are answered with the
 * key they went to: that is an edge, too, because others still name the old key.
 */
const service = 'https://openlibrary.org'

const seedExpected =
  'expected a key or an address of Open Library: OL45804W, /authors/OL23919A, /subjects/love, subject:love, place:oslo'

/** Where a graph is followed. */
const ways = ['authors', 'subjects', 'author-works', 'subject-works'] as const

const params = z
  .strictObject({
    /**
     * Where to start: keys or addresses of works, authors and subjects (`OL45804W`, `/authors/OL23919A`, `/subjects/love`,
     * `subject:love`, `place:oslo`). An edition (`OL7353617M`) leads to its work.
     */
    seeds: list()
      .pipe(z.array(z.string().refine((seed) => keyOf(seed) !== undefined, seedExpected)))
      .default([]),
    /** A file with a seed on each line, or `-` for what is piped in. Lines may begin with `#`. */
    file: file().optional(),
    /** What is followed: of `authors`, `subjects`, `author-works`, `subject-works`. Default: all. */
    follow: list()
      .pipe(z.array(z.enum(ways)))
      .default([...ways]),
    /** Steps from a seed, from a work to an author, say; what is further away is named by edges alone. Default: no end. */
    depth: wholeNumber().pipe(z.int().min(0)).optional(),
    /** Works of one author that are followed at most; the first in the service's order. */
    worksPerAuthor: wholeNumber().pipe(z.int().min(1)).default(1_000),
    /** Works of one subject that are followed at most; the ones with the most editions. */
    worksPerSubject: wholeNumber().pipe(z.int().min(1)).default(1_000),
    /** Works on one page of such a list, from 1 to 1,000. */
    pageSize: wholeNumber().pipe(z.int().min(1).max(1_000)).default(100),
    /** An email address for the User-Agent, as the terms ask for: whom it names may ask three times as often. */
    contact: z
      .string()
      .regex(/^[\x21-\x7e]+@[\x21-\x7e]+$/, 'expected an email address')
      .optional(),
    /** Requests a minute of one address. Default: what the service allows, 180 with a `contact` and 60 without. */
    rate: wholeNumber().pipe(z.int().min(1)).optional(),
    /** Where the interface is. */
    base: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).default(service),
  })
  .refine(({ seeds, file }) => seeds.length > 0 || file !== undefined, {
    message: 'expected seeds, or a file of them',
    path: ['seeds'],
  })

type Params = z.output<typeof params>

const work = z.object({
  kind: z.literal('work'),
  /** `/works/OL45804W` */
  key: z.string(),
  /** Null where the record has none. */
  title: z.string().nullable(),
  description: z.string().nullable(),
  /** Keys, as the record has them. */
  authors: z.array(z.string()),
  /** Names of all kinds of subjects. */
  subjects: z.array(z.string()),
  /** As it is written there: `October 1, 1988`. */
  firstPublished: z.string().nullable(),
  /** Numbers of its covers. */
  covers: z.array(z.number()),
  /** ISO 8601, as the service writes it, without a zone: UTC. */
  modified: z.string().nullable(),
})

const author = z.object({
  kind: z.literal('author'),
  /** `/authors/OL23919A` */
  key: z.string(),
  name: z.string().nullable(),
  /** As they are written there: `31 July 1965`. */
  born: z.string().nullable(),
  died: z.string().nullable(),
  bio: z.string().nullable(),
  alternateNames: z.array(z.string()),
  /** ISO 8601, as the service writes it, without a zone: UTC. */
  modified: z.string().nullable(),
})

const subject = z.object({
  kind: z.literal('subject'),
  /** `/subjects/love`, `/subjects/place:oslo` */
  key: z.string(),
  name: z.string(),
  /** `subject`, `place`, `person` or `time`. */
  type: z.string(),
  /** Works that the service knows of it. */
  works: z.number(),
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
    if (ends !== '{}') return { kind: 'transient', reason: 'not-json' }
    return answer.length < 1_000 ? verdictOf(answer.toString()) : undefined
  },
})

/** Some refusals come with a good status. */
function verdictOf(answer: string) {
  const { data } = z
    .object({ error: z.string().optional(), status: z.number().optional() })
    .safeParse(jsonOf(answer))
  if (data?.status === 429) return { kind: 'rate-limited', reason: 'status-429' } as const
  if (data?.error === 'notfound') return { kind: 'final', reason: 'status-404' } as const
  return data?.error === undefined ? undefined : ({ kind: 'transient', reason: 'error-in-json' } as const)
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
    const asked = { ...ask(key, '', steps, given), data }
    if (key.startsWith('/works/')) return [{ ...asked, label: 'work' }]
    if (key.startsWith('/authors/')) return [{ ...asked, label: 'author' }]
    if (key.startsWith('/books/')) return [{ ...asked, label: 'edition' }]
    return key.startsWith('/subjects/') ? [subjectPage(data, given)] : []
  })
}

function authorPage(data: Place, given: Params): Asked<'authorWorks'> {
  const query = `?limit=${given.pageSize}&offset=${data.offset}`
  return { ...ask(`${data.key}/works`, query, data.steps, given), label: 'authorWorks', data }
}

function subjectPage(data: Place, given: Params): Asked<'subject'> {
  const { follow, pageSize } = given
  const query = `?limit=${follow.includes('subject-works') ? pageSize : 0}&offset=${data.offset}`
  return { ...ask(data.key, query, data.steps, given), label: 'subject', data }
}

/** What is nearer to a seed is asked for first, so that `depth` cuts little off. */
function ask(key: string, query: string, steps: number, { base, contact }: Params) {
  const path = key
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%3A', ':'))
    .join('/')
  return {
    url: `${base.replace(/\/+$/, '')}${path}.json${query}`,
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
