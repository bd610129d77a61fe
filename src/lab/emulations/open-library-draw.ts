import { pickIndex, type Random } from '../../base/random.ts'
import { type LibraryAuthor, type LibraryWork, type SubjectKind, subjectKey } from './open-library-records.ts'

const names: Readonly<Record<SubjectKind, readonly string[]>> = {
  subject: [
    'Love',
    'LOVE ',
    'Fiction / Thrillers',
    'C#',
    'C',
    'Fiction, general',
    'Love -- Fiction',
    "Children's stories",
    'Médecine',
    '日本文学',
    'AC/DC (Musical group)',
    '100% cotton',
    'Science fiction & fantasy',
    '???',
    'nyt:hardcover-fiction=2010-01-01',
    'Plants; trees',
    'open_syllabus_project',
    'Reading Level-Grade 11',
    'Man-woman relationships, fiction',
    '"Quoted" [and bracketed]',
    'История',
    '..',
  ],
  place: ['Oslo', 'New York (N.Y.)', 'São Paulo', 'Middle Earth'],
  person: ['Jesus Christ', 'Harry Potter (Fictitious character)', 'Plato'],
  time: ['20th century', '1914-1918', 'To 500 A.D.'],
}

/**
 * Draws the records of the emulated Open Library one after the other, each work linked with an earlier one, so that all hang
 * together.
 */
export class Drawing {
  readonly authors: LibraryAuthor[] = []
  readonly redirects: [string, string][] = []
  readonly deleted: string[] = []
  readonly #random: Random
  readonly #size: number
  readonly #made: LibraryWork[] = []
  /** Keys of authors without a record of their own that works name all the same. */
  readonly #odd: string[] = []

  constructor(random: Random, size: number) {
    this.#random = random
    this.#size = size
    for (let index = 0; index < Math.max(2, size / 3); index++) this.#author(index)
    const [first, second] = this.authors
    // Merged: a chain of two, as it was before the service shortened it. Deleted, and never there.
    this.redirects.push(['/authors/OL90A', '/authors/OL91A'], ['/authors/OL91A', first!.key])
    this.redirects.push(['/authors/OL92A', second!.key], ['/works/OL90W', workKey(0)])
    this.deleted.push('/authors/OL93A', '/works/OL93W')
    this.#odd.push('/authors/OL90A', '/authors/OL92A', '/authors/OL93A', '/authors/OL94A')
  }

  work(index: number): LibraryWork {
    const authors: string[] = []
    const subjects: Record<SubjectKind, string[]> = { subject: [], place: [], person: [], time: [] }
    const tie = this.#made[pickIndex(this.#random, this.#made.length)]
    if (tie) this.#tie(tie, authors, subjects)
    if (authors.length === 0 && (index === 0 || this.#chance(0.9))) authors.push(this.#anyAuthor())
    if (this.#chance(0.2)) authors.push(this.#anyAuthor())
    if (this.#chance(0.04)) authors.push(this.#odd[pickIndex(this.#random, this.#odd.length)]!)
    if (index === 0 || this.#chance(0.6)) {
      for (let left = 1 + pickIndex(this.#random, 4); left > 0; left--) this.#name('subject', subjects)
    }
    for (const kind of ['place', 'person', 'time'] as const) if (this.#chance(0.1)) this.#name(kind, subjects)
    const title = `${pick(this.#random, titles)} ${pick(this.#random, titles)} ${index}`
    const work = { key: workKey(index), title, authors, subjects, editions: 1 + pickIndex(this.#random, 40) }
    this.#made.push(work)
    return work
  }

  #tie(tie: LibraryWork, authors: string[], subjects: Record<SubjectKind, string[]>): void {
    const known = tie.authors.filter((key) => !this.#odd.includes(key))
    const names = tie.subjects.subject.filter((name) => subjectKey('subject', name) !== undefined)
    const byAuthor = known.length > 0 && (names.length === 0 || this.#chance(0.5))
    if (byAuthor) authors.push(pick(this.#random, known))
    else if (names.length > 0) subjects.subject.push(pick(this.#random, names))
  }

  #author(index: number): void {
    const name = `${pick(this.#random, forenames)} ${pick(this.#random, titles)}${index}`
    this.authors.push({ key: `/authors/OL${501 + index}A`, name })
  }

  #anyAuthor(): string {
    return pick(this.#random, this.authors).key
  }

  #name(kind: SubjectKind, subjects: Record<SubjectKind, string[]>): void {
    const known = names[kind]
    const numbered = Math.ceil(this.#size / (kind === 'subject' ? 8 : 60))
    // A few are named by many works, most by few.
    const at = Math.floor((known.length + numbered) * this.#random() ** 2)
    subjects[kind].push(known[at] ?? `${pick(this.#random, topics)} ${at}`)
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }
}

function workKey(index: number): string {
  return `/works/OL${10_001 + index}W`
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[pickIndex(random, items.length)]!
}

const titles = [
  'Winter',
  'Harbour',
  'Ashes',
  'Orchard',
  'Lantern',
  'Silence',
  'Granite',
  'Meridian',
  'Sparrow',
]
const forenames = ['Ada', 'Olu', 'Mei', 'José', 'Ingrid', 'Sachi', 'Brontë', 'Çelik']
const topics = ['History', 'Biography', 'Poetry', 'Geology', 'Cooking', 'Juvenile literature']
