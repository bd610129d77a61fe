import { createRandom } from '../../base/random.ts'
import { Drawing } from './open-library-draw.ts'
import {
  type LibraryAuthor,
  type LibrarySubject,
  type LibraryWork,
  type SubjectKind,
  subjectKey,
} from './open-library-records.ts'

/**
 * What the emulated Open Library knows: works, their authors and subjects, drawn from a seed, and what a crawl from some
 * of them must bring home. It has the oddities of the real records in about their shares: works without authors or
 * subjects, subjects with every character, authors who were merged into others, works and authors that were deleted or are
 * not there at all.
 */
export interface LibraryEdge {
  readonly from: string
  readonly to: string
  readonly type: 'written_by' | 'has_subject' | 'redirects_to'
}

/** What a crawl from some keys finds: by key, in no order that matters. */
export interface LibraryPart {
  readonly works: ReadonlySet<string>
  readonly authors: ReadonlySet<string>
  readonly subjects: ReadonlySet<string>
  readonly edges: readonly LibraryEdge[]
  /** Deleted records that something leads to, and keys without a record. */
  readonly deleted: ReadonlySet<string>
  readonly missing: ReadonlySet<string>
}

/** Works, where nothing else is said. */
const defaultSize = 240

export class LibraryGraph {
  readonly works = new Map<string, LibraryWork>()
  readonly authors = new Map<string, LibraryAuthor>()
  readonly subjects = new Map<string, LibrarySubject>()
  /** Keys that were merged, and the ones they lead to. */
  readonly redirects = new Map<string, string>()
  readonly deleted = new Set<string>()
  /** Of an author or a subject, the most editions first. */
  readonly #worksOf = new Map<string, LibraryWork[]>()

  constructor({ seed = 1, size = defaultSize }: { seed?: number | undefined; size?: number | undefined }) {
    const random = createRandom(seed)
    const drawing = new Drawing(random, size)
    for (let index = 0; index < size; index++) this.#add(drawing.work(index))
    for (const author of drawing.authors) this.authors.set(author.key, author)
    for (const [from, to] of drawing.redirects) this.redirects.set(from, to)
    for (const key of drawing.deleted) this.deleted.add(key)
    for (const works of this.#worksOf.values()) works.sort(byEditions)
  }

  worksOf(key: string): readonly LibraryWork[] {
    return this.#worksOf.get(key) ?? []
  }

  /** All that links lead to from here, however many there are of a subject or by an author. */
  from(keys: Iterable<string>): LibraryPart {
    const seen = new Set<string>()
    const edges: LibraryEdge[] = []
    const queue = [...keys]
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      if (seen.has(key)) continue
      seen.add(key)
      const own = this.edgesOf(key)
      edges.push(...own)
      queue.push(...own.map(({ to }) => to), ...this.worksOf(key).map((work) => work.key))
    }
    const found = [...seen]
    const isNone = (key: string) => !this.#has(key) && !this.redirects.has(key) && !this.deleted.has(key)
    return {
      works: new Set(found.filter((key) => this.works.has(key))),
      authors: new Set(found.filter((key) => this.authors.has(key))),
      subjects: new Set(found.filter((key) => this.subjects.has(key))),
      edges,
      deleted: new Set(found.filter((key) => this.deleted.has(key))),
      missing: new Set(found.filter(isNone)),
    }
  }

  /** What the record of a key says of others, each edge once. */
  edgesOf(key: string): LibraryEdge[] {
    const to = this.redirects.get(key)
    if (to !== undefined) return [{ from: key, to, type: 'redirects_to' }]
    const work = this.works.get(key)
    if (!work) return []
    const subjects = new Set(subjectsOf(work).map((subject) => subject.key))
    return [
      ...[...new Set(work.authors)].map((to): LibraryEdge => ({ from: key, to, type: 'written_by' })),
      ...[...subjects].map((to): LibraryEdge => ({ from: key, to, type: 'has_subject' })),
    ]
  }

  #has(key: string): boolean {
    return this.works.has(key) || this.authors.has(key) || this.subjects.has(key)
  }

  #add(work: LibraryWork): void {
    this.works.set(work.key, work)
    for (const subject of subjectsOf(work)) {
      if (!this.subjects.has(subject.key)) this.subjects.set(subject.key, subject)
    }
    const links = new Set([...work.authors, ...subjectsOf(work).map(({ key }) => key)])
    for (const link of links) {
      const works = this.#worksOf.get(link) ?? []
      works.push(work)
      this.#worksOf.set(link, works)
    }
  }
}

const kinds: readonly SubjectKind[] = ['subject', 'place', 'person', 'time']

function subjectsOf(work: LibraryWork): LibrarySubject[] {
  return kinds.flatMap((kind) =>
    work.subjects[kind].flatMap((name) => {
      const key = subjectKey(kind, name)
      return key === undefined ? [] : [{ key, name, kind }]
    }),
  )
}

function byEditions(one: LibraryWork, other: LibraryWork): number {
  return other.editions - one.editions || one.key.localeCompare(other.key)
}
