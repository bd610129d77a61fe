import { type ProxyColumns, type ProxyDelta, proxyStates, standings } from '../src/dashboard/protocol.ts'

/**
 * The fleet as columns: ten thousand proxies as objects would be made anew each second. A row keeps its number for as long as
 * the stream lives; what is shown of it is read where it is drawn.
 */
export type Kind = 'working' | 'untried' | 'failing' | 'open' | 'halfOpen' | 'isolated' | 'retired'

/** In the order of a legend: those that work first. */
export const kinds = [
  'working',
  'untried',
  'failing',
  'halfOpen',
  'open',
  'isolated',
  'retired',
] as const satisfies readonly Kind[]

export const kindWords: Readonly<Record<Kind, string>> = {
  working: 'working',
  untried: 'not tried yet',
  failing: 'failing',
  halfOpen: 'probed',
  open: 'shut out',
  isolated: 'isolated',
  retired: 'retired',
}

export const kindMeanings: Readonly<Record<Kind, string>> = {
  working: 'in use, and it has brought answers',
  untried: 'in use, and nothing was asked of it yet',
  failing: 'in use, and nothing but failures where others get through',
  halfOpen: 'half-open: a probe finds out whether it is well again',
  open: 'open: shut out until its cooldown is over',
  isolated: 'taken out by hand, or found lying',
  retired: 'out until the list is read again',
}

type Columns = { -readonly [Name in keyof Omit<ProxyColumns, 'kind' | 'at'>]: ProxyColumns[Name][number][] }

export class Fleet {
  #columns: Columns = emptyColumns()
  #lowered: string[] = []
  #rowOf = new Map<string, number>()
  /** Of each row, by its place in `kinds`: asked for many times between two changes. */
  #kinds: number[] = []
  /** Attempts of all proxies: what a share is a share of. */
  attempts = 0

  apply(message: ProxyColumns | ProxyDelta): void {
    if (message.kind === 'whole') {
      this.#columns = emptyColumns()
      this.#lowered = []
      this.#rowOf = new Map()
      this.#kinds = []
      this.#add(message)
    } else {
      const own = this.#columns
      message.rows.forEach((row, at) => {
        for (const name of changing) own[name][row] = message[name][at]!
        this.#kinds[row] = kinds.indexOf(this.#kindOf(row))
      })
      if (message.added) this.#add(message.added)
    }
    this.attempts = this.#columns.attempts.reduce((sum, each) => sum + each, 0)
  }

  #add(more: Omit<ProxyColumns, 'kind' | 'at'>): void {
    const own = this.#columns
    const tagsBefore = own.tagSets.length
    own.tagSets.push(...more.tagSets)
    more.id.forEach((id, at) => {
      this.#rowOf.set(id, own.id.length)
      own.id.push(id)
      this.#lowered.push(id.toLowerCase())
      own.tags.push(more.tags[at]! + tagsBefore)
      for (const name of changing) own[name].push(more[name][at] as never)
      this.#kinds.push(kinds.indexOf(this.#kindOf(own.id.length - 1)))
    })
  }

  /** Rows that there ever were: some may be gone. */
  get size(): number {
    return this.#columns.id.length
  }

  row(id: string): number | undefined {
    return this.#rowOf.get(id)
  }

  isGone(row: number): boolean {
    return this.#columns.state[row] === -1
  }

  id(row: number): string {
    return this.#columns.id[row]!
  }

  tags(row: number): Readonly<Record<string, string>> {
    return this.#columns.tagSets[this.#columns.tags[row]!] ?? {}
  }

  kind(row: number): Kind {
    return kinds[this.#kinds[row]!]!
  }

  #kindOf(row: number): Kind {
    const state = proxyStates[this.#columns.state[row]!] ?? 'retired'
    if (state !== 'closed') return state
    if (this.#columns.failing[row] === 1) return 'failing'
    return this.#columns.attempts[row] === 0 ? 'untried' : 'working'
  }

  trust(row: number): (typeof standings)[number] {
    return standings[this.#columns.trust[row]!] ?? 'unproven'
  }

  /** In [0, 1]. */
  success(row: number): number {
    return this.#columns.success[row]! / 1_000
  }

  /** Milliseconds; -1 before the first answer. */
  latencyMs(row: number): number {
    return this.#columns.latencyMs[row]!
  }

  attemptsOf(row: number): number {
    return this.#columns.attempts[row]!
  }

  inFlight(row: number): number {
    return this.#columns.inFlight[row]!
  }

  counts(): Readonly<Record<Kind, number>> {
    const counts = { working: 0, untried: 0, failing: 0, halfOpen: 0, open: 0, isolated: 0, retired: 0 }
    for (let row = 0; row < this.size; row++) if (!this.isGone(row)) counts[this.kind(row)]++
    return counts
  }

  /** Numbers of the rows that match, in the order that is asked for. */
  select({ search, only, order }: Selection): number[] {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    const found: number[] = []
    const tagTexts = this.#columns.tagSets.map((set) => tagText(set).toLowerCase())
    for (let row = 0; row < this.size; row++) {
      if (this.isGone(row)) continue
      if (only === 'lies' ? this.trust(row) !== 'lies' : only !== undefined && this.kind(row) !== only)
        continue
      const tags = words.length === 0 ? '' : tagTexts[this.#columns.tags[row]!]!
      if (words.every((word) => this.#lowered[row]!.includes(word) || tags.includes(word))) found.push(row)
    }
    return order === 'list' ? found : found.sort(this.#by(order))
  }

  #by(order: Order): (a: number, b: number) => number {
    const { success, attempts, latencyMs, id } = this.#columns
    const severities = kinds.map((kind) => severity[kind])
    const worst = (row: number) => severities[this.#kinds[row]!]!
    // One that has not answered yet has no latency, and comes last.
    const latency = (row: number) => (latencyMs[row]! < 0 ? Infinity : latencyMs[row]!)
    const compare: Readonly<Record<Order, (a: number, b: number) => number>> = {
      list: (a, b) => a - b,
      worst: (a, b) => worst(a) - worst(b) || success[a]! - success[b]!,
      busiest: (a, b) => attempts[b]! - attempts[a]!,
      success: (a, b) => success[b]! - success[a]!,
      latency: (a, b) => Math.sign(latency(a) - latency(b)) || 0,
      name: (a, b) => (id[a]! < id[b]! ? -1 : 1),
    }
    return (a, b) => compare[order](a, b) || a - b
  }
}

export interface Selection {
  readonly search: string
  readonly only: Kind | 'lies' | undefined
  readonly order: Order
}

export const orders = ['worst', 'busiest', 'success', 'latency', 'name', 'list'] as const
export type Order = (typeof orders)[number]

export const orderWords: Readonly<Record<Order, string>> = {
  worst: 'worst first',
  busiest: 'busiest first',
  success: 'most successful first',
  latency: 'quickest first',
  name: 'by name',
  list: 'as listed',
}

export function tagText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')
}

const severity: Readonly<Record<Kind, number>> = {
  isolated: 0,
  failing: 1,
  open: 2,
  halfOpen: 3,
  retired: 4,
  working: 5,
  untried: 6,
}

const changing = ['state', 'failing', 'trust', 'success', 'latencyMs', 'attempts', 'inFlight'] as const

function emptyColumns(): Columns {
  return {
    ...{ id: [], tags: [], tagSets: [], state: [], failing: [], trust: [] },
    ...{ success: [], latencyMs: [], attempts: [], inFlight: [] },
  }
}
