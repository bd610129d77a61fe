import { isWithin, type UrlShape } from './url-shape.ts'

/**
 * Templates that lead nowhere but to themselves. A number of pages says nothing: a shop has 200,000 of /product/N. What
 * tells a trap is that its pages bring no item and no new way out, one after the other, while they go on making links to
 * their own kind: an empty calendar, page 5,000 of a list that ended at 12, every order of every facet. Each such page
 * adds to its template's score, and the first page that brings something sets it to nothing. A full score is the end.
 *
 * A page that makes no new link cannot grow a trap and is not counted, so dead products and login walls end nothing.
 */
export type Yield =
  /** An item with words of its own, or a new link that leads out. */
  | 'something'
  /** Nor a new link to its own kind. */
  | 'nothing'
  /** New links to its own template only, and the words of a page before. */
  | 'again'
  /** As above, but the words differ: a list of what we have, or a search for what is rare. */
  | 'listing'
  /** New links to its own family with other query names: facets, tabs of an item. */
  | 'refining'

/** How many pages in a row end a template, as multiples of the limit. */
const patience = { again: 1, listing: 5, refining: 25 } as const

export interface TemplateRecord {
  /** In (0, 1): how much of the patience is used up. */
  score: number
  /** Digests of the last texts, newest last. */
  texts: string[]
  /** Pages until the next text is looked at, and how many it will be then. */
  skip: number
  backoff: number
  /** URLs added. */
  added: number
}

export class Barren {
  readonly #limit: number
  /** The most recently used last. */
  readonly #records = new Map<string, TemplateRecord>()
  /** By family: the sets of query names that ended. */
  readonly #ended = new Map<string, (readonly string[])[]>()
  /** Hosts that have one. */
  readonly #hosts = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  record(shape: UrlShape): TemplateRecord {
    const { template } = shape
    let record = this.#records.get(template)
    if (record) this.#records.delete(template)
    else {
      record = { score: 0, texts: [], skip: 0, backoff: 0, added: 0 }
      if (this.#records.size >= remembered) this.#records.delete(this.#records.keys().next().value!)
    }
    this.#records.set(template, record)
    return record
  }

  added(shape: UrlShape): number {
    return this.#records.get(shape.template)?.added ?? 0
  }

  count(shape: UrlShape, yielded: Yield): void {
    if (yielded === 'nothing' || this.holds(shape)) return
    const record = this.record(shape)
    if (yielded === 'something') {
      record.score = 0
      return
    }
    // One barren set of facets makes the next one suspect.
    const siblings = Math.min(3, this.#ended.get(shape.family)?.length ?? 0)
    record.score += 2 ** siblings / (this.#limit * patience[yielded])
    // Two hundred times a two-hundredth is a little less than one.
    if (record.score > 1 - 1e-9) this.end(shape.family, shape.keys)
  }

  end(family: string, keys: readonly string[]): void {
    const sets = this.#ended.get(family)
    if (sets) sets.push(keys)
    else {
      if (this.#ended.size >= remembered) this.#ended.delete(this.#ended.keys().next().value!)
      this.#ended.set(family, [keys])
    }
    this.#hosts.add(hostOf(family))
  }

  /** Whether a shape is worth asking for; spares the work where nothing ever ended. */
  knows(host: string): boolean {
    return this.#hosts.has(host)
  }

  /** Whether it has ended; what only adds query names to a barren set shows less of the same. */
  holds(shape: UrlShape): boolean {
    return this.#ended.get(shape.family)?.some((keys) => isWithin(keys, shape.keys)) ?? false
  }

  /** What a crawl that is resumed must know. */
  save(): { ended: [string, string[][]][]; records: [string, number, number][] } {
    const records: [string, number, number][] = []
    for (const [template, { score, added }] of this.#records)
      if (score >= 0.25 || added > 0) records.push([template, Math.round(score * 1e4) / 1e4, added])
    return {
      ended: [...this.#ended].map(([family, sets]) => [family, sets.map((keys) => [...keys])]),
      records,
    }
  }

  restore(saved: {
    readonly ended: readonly (readonly [string, readonly (readonly string[])[]])[]
    readonly records: readonly (readonly [string, number, number])[]
  }): void {
    for (const [family, sets] of saved.ended) for (const keys of sets) this.end(family, keys)
    for (const [template, score, added] of saved.records)
      this.#records.set(template, { score, texts: [], skip: 0, backoff: 0, added })
  }
}

const remembered = 20_000

function hostOf(family: string): string {
  return family.slice(0, family.indexOf('/'))
}
