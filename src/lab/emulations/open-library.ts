import type { Exchange } from '../origin/origin-exchange.ts'
import { json, type Reply, redirect, reply, text } from '../origin/reply.ts'
import type { Emulation, EmulationSetup } from './emulation.ts'
import { LibraryGraph } from './open-library-graph.ts'
import { type LibraryWork, type SubjectKind, subjectKey } from './open-library-records.ts'

/**
 * The JSON interfaces of Open Library: works, authors, an author's works, editions, subjects and search. By
 * openlibrary.org/developers/api: one request a second from an address, three where the User-Agent names somebody to write
 * to; 429 and a line of JSON beyond that. Merged and deleted records are answered with 200, and say so in their type.
 */
const anonymous = { requests: 60, perMs: 60_000, burst: 5 }
const identified = { requests: 180, perMs: 60_000, burst: 5 }
const contact = /[\w+-]@[\w-]|https?:\/\//

/** Entries of a page, where the request does not say how many. */
const entriesOfAuthor = 50
const entriesOfSubject = 12
const mostEntries = 1_000
const docsOfSearch = 100

const robots =
  'User-agent: *\nDisallow: /user\nDisallow: /people\nDisallow: /api\nDisallow: /edit\nDisallow: /search\n'
const tooMany = 'Too Many Requests. Consider using https://openlibrary.org/developers/dumps.'

export function createOpenLibrary({ seed, size }: EmulationSetup): Emulation {
  const library = new Library(new LibraryGraph({ seed, size }))
  return {
    answer: (exchange) => library.answer(exchange),
    limitOf: (exchange) => (contact.test(exchange.header('user-agent') ?? '') ? identified : anonymous),
    refuse: () => json(429, { status: 429, message: tooMany }),
  }
}

class Library {
  readonly #graph: LibraryGraph

  constructor(graph: LibraryGraph) {
    this.#graph = graph
  }

  answer(exchange: Exchange): Reply | undefined {
    const { path } = exchange
    if (path === '/robots.txt') return text(200, robots)
    if (path === '/search.json') return this.#search(exchange)
    const [, subject] = /^\/subjects\/([^/]+)\.json$/.exec(path) ?? []
    if (subject !== undefined) return this.#subject(subject, exchange)
    const [, record] = /^(\/(?:works|authors|books)\/[^/]+)\.json$/.exec(path) ?? []
    if (record !== undefined) return this.#record(record)
    const [, author] = /^(\/authors\/OL\d+A)\/works\.json$/.exec(path) ?? []
    if (author !== undefined) return this.#worksOf(author, exchange)
    const [, work] = /^(\/works\/OL\d+W)\/editions\.json$/.exec(path) ?? []
    return work === undefined ? undefined : this.#editionsOf(work, exchange)
  }

  #record(key: string): Reply {
    const { works, authors, redirects, deleted } = this.#graph
    const location = redirects.get(key)
    if (location !== undefined) return json(200, { ...stamp(key, '/type/redirect'), location })
    if (deleted.has(key)) return json(200, stamp(key, '/type/delete'))
    const work = works.get(key)
    if (work) return json(200, workRecord(work))
    const author = authors.get(key)
    if (author)
      return json(200, { ...stamp(key, '/type/author'), ...authorFields(author.name, numberOf(key)) })
    return this.#edition(key) ?? json(404, { error: 'notfound', key })
  }

  #worksOf(author: string, exchange: Exchange): Reply {
    if (!this.#graph.authors.has(author)) return reply(404, '')
    const works = this.#graph.worksOf(author)
    return json(200, entries(exchange, { author }, works, workRecord))
  }

  #editionsOf(key: string, exchange: Exchange): Reply {
    const work = this.#graph.works.get(key)
    if (!work) return reply(404, '')
    const numbers = Array.from({ length: work.editions }, (_, index) => index)
    return json(
      200,
      entries(exchange, { work: key }, numbers, (index) => editionRecord(work, index)),
    )
  }

  #edition(key: string): Reply | undefined {
    if (!key.startsWith('/books/')) return undefined
    const number = numberOf(key)
    const work = this.#graph.works.get(`/works/OL${Math.floor(number / 100)}W`)
    return work && number % 100 < work.editions ? json(200, editionRecord(work, number % 100)) : undefined
  }

  #subject(segment: string, exchange: Exchange): Reply {
    const name = decode(segment)
    if (name === undefined) return reply(400, '')
    const lower = name.toLowerCase()
    if (lower !== name) return redirect(`/subjects/${encodeURIComponent(lower)}.json`, 301)
    const limit = whole(exchange.parameter('limit'), entriesOfSubject)
    const offset = whole(exchange.parameter('offset'), 0)
    if (limit > mostEntries) {
      return json(400, { error: `Specified limit exceeds maximum of ${mostEntries}.` })
    }
    const [, prefix, rest] = /^(?:(person|place|time):)?(.*)$/s.exec(name)!
    const kind = (prefix ?? 'subject') as SubjectKind
    // What is asked for is brought into the form of a key once more: spaces and dropped characters do no harm.
    const works = this.#graph.worksOf(subjectKey(kind, rest!) ?? '')
    const details = exchange.parameter('details')?.toLowerCase() === 'true'
    return json(200, {
      key: `/subjects/${name}`,
      name: rest!.replaceAll('_', ' '),
      subject_type: kind,
      work_count: works.length,
      works: works.slice(offset, offset + limit).map((work) => this.#listed(work)),
      ...(details && { ebook_count: 0, authors: [], subjects: [], places: [], people: [], times: [] }),
    })
  }

  #listed(work: LibraryWork): object {
    const authors = work.authors.flatMap((key) => this.#graph.authors.get(key) ?? [])
    return {
      key: work.key,
      title: work.title,
      edition_count: work.editions,
      cover_id: null,
      subject: work.subjects.subject,
      authors: authors.map(({ key, name }) => ({ key, name })),
      first_publish_year: yearOf(work),
      has_fulltext: false,
    }
  }

  #search(exchange: Exchange): Reply {
    const q = exchange.parameter('q') ?? ''
    const limit = Math.min(mostEntries, whole(exchange.parameter('limit'), docsOfSearch))
    const page = whole(exchange.parameter('page'), 1)
    const start = whole(exchange.parameter('offset'), (Math.max(1, page) - 1) * limit)
    const words = q.toLowerCase().split(/\s+/).filter(Boolean)
    const fields = exchange.parameter('fields')?.split(',')
    const found = [...this.#graph.works.values()].filter(({ title }) =>
      words.every((word) => title.toLowerCase().includes(word)),
    )
    const docs = found.slice(start, start + limit).map((work) => {
      const known = work.authors.flatMap((key) => this.#graph.authors.get(key) ?? [])
      const doc: Record<string, unknown> = {
        key: work.key,
        title: work.title,
        edition_count: work.editions,
        first_publish_year: yearOf(work),
        author_key: known.map(({ key }) => key.slice('/authors/'.length)),
        author_name: known.map(({ name }) => name),
      }
      if (!fields || fields.includes('*')) return doc
      return Object.fromEntries(Object.entries(doc).filter(([field]) => fields.includes(field)))
    })
    const numFound = found.length
    return json(200, { numFound, start, numFoundExact: true, num_found: numFound, q, offset: start, docs })
  }
}

/** A page of a list, with the path of the next one where there is more. */
function entries<Entry>(
  exchange: Exchange,
  of: Readonly<Record<string, string>>,
  all: readonly Entry[],
  record: (entry: Entry) => object,
): object {
  const limit = Math.min(mostEntries, whole(exchange.parameter('limit'), entriesOfAuthor))
  const offset = whole(exchange.parameter('offset'), 0)
  const at = (next: number) => {
    const query = new URLSearchParams(exchange.query)
    query.set('offset', String(next))
    return `${exchange.path}?${query}`
  }
  const shown = all.slice(offset, offset + limit)
  const self = exchange.query === '' ? exchange.path : `${exchange.path}?${exchange.query}`
  const links = {
    self,
    ...of,
    ...(offset > 0 && { prev: at(Math.max(0, offset - limit)) }),
    ...(offset + shown.length < all.length && shown.length > 0 && { next: at(offset + limit) }),
  }
  return { links, size: all.length, entries: shown.map(record) }
}

const stamped = '2020-05-05T05:05:05.000005'

function stamp(key: string, type: string): Record<string, unknown> {
  const time = { type: '/type/datetime', value: stamped }
  return { key, type: { key: type }, latest_revision: 2, revision: 2, created: time, last_modified: time }
}

/** Members are left out where there is nothing to say, and written in more than one way, as by the many who made them. */
function workRecord({ key, title, authors, subjects, editions }: LibraryWork): object {
  const number = numberOf(key)
  const description = `About ${title.toLowerCase()}.`
  return {
    ...stamp(key, '/type/work'),
    ...(number % 97 !== 0 && { title }),
    ...authorsField(authors, number),
    ...(subjects.subject.length > 0 && { subjects: subjects.subject }),
    ...(subjects.place.length > 0 && { subject_places: subjects.place }),
    ...(subjects.person.length > 0 && { subject_people: subjects.person }),
    ...(subjects.time.length > 0 && { subject_times: subjects.time }),
    ...(number % 7 === 0 && { description }),
    ...(number % 7 === 1 && { description: { type: '/type/text', value: description } }),
    ...(number % 3 === 0 && { covers: [number * 10, -1] }),
    ...(number % 5 === 0 && { first_publish_date: `${1800 + (number % 220)}` }),
    ...(editions > 20 && { lc_classifications: ['PR6051'] }),
  }
}

/** Beside the usual form there is an older one, without a type, and entries that name nobody. */
function authorsField(authors: readonly string[], number: number): object {
  const type = { key: '/type/author_role' }
  const named = authors.map((key) => (number % 13 === 0 ? { author: { key } } : { author: { key }, type }))
  const listed = number % 29 === 0 ? [...named, { type }] : named
  return listed.length === 0 ? {} : { authors: listed }
}

function authorFields(name: string, number: number): object {
  const bio = `${name} wrote.`
  return {
    name,
    ...(number % 2 === 0 && { personal_name: name }),
    ...(number % 3 === 0 && { birth_date: `${1750 + (number % 250)}` }),
    ...(number % 5 === 0 && { bio }),
    ...(number % 5 === 1 && { bio: { type: '/type/text', value: bio } }),
    ...(number % 4 === 0 && { alternate_names: [name.toUpperCase()] }),
  }
}

function editionRecord(work: LibraryWork, index: number): object {
  const key = `/books/OL${numberOf(work.key) * 100 + index}M`
  return {
    ...stamp(key, '/type/edition'),
    title: work.title,
    works: [{ key: work.key }],
    publishers: ['Lab'],
  }
}

function yearOf({ key }: LibraryWork): number {
  return 1800 + (numberOf(key) % 220)
}

function numberOf(key: string): number {
  return Number(/\d+/.exec(key)?.[0] ?? 0)
}

function whole(value: string | undefined, otherwise: number): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : otherwise
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
