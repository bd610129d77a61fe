import type { TellProxy } from './dashboard-view.ts'
import type { ProxyColumns, ProxyDelta } from './protocol.ts'

/**
 * The proxies as the page has them, so that only what has changed is sent: all pages hear the same deltas, and one that comes
 * later gets the columns whole. A row keeps its place for ever, or the page's dots would jump; when more rows are of proxies
 * that are gone than of others, the columns begin anew.
 */
const mostChanged = 2_000
const fewestGone = 1_000

const changing = ['state', 'failing', 'trust', 'success', 'latencyMs', 'attempts', 'inFlight'] as const
type Changing = (typeof changing)[number]
type Columns = Record<Changing, number[]>

export class ProxyMirror {
  #id: string[] = []
  #tags: number[] = []
  readonly #tagSets: Record<string, string>[] = []
  readonly #tagNumbers = new Map<string, number>()
  readonly #known = new WeakMap<object, number>()
  #rows = new Map<string, number>()
  /** What was sent. */
  #sent: Columns = emptyColumns()
  /** What is. */
  #now: Columns = emptyColumns()
  /** In which reading a row was seen last. */
  #seen: number[] = []
  #reading = 0
  /** Where the next delta begins to look, so that each row has its turn. */
  #next = 0
  #isAnew = true

  /** Takes in what is. */
  read(each: (tell: TellProxy) => void): void {
    this.#reading++
    let here = 0
    let expected = 0
    each((id, tags, state, failing, trust, success, latencyMs, attempts, inFlight) => {
      // Proxies come in an order that hardly changes: most are where the last one leads to.
      let row = this.#id[expected] === id ? expected : this.#rows.get(id)
      if (row === undefined) {
        row = this.#rows.size
        this.#rows.set(id, row)
        this.#id[row] = id
        this.#tags[row] = this.#numberOfTags(tags)
      }
      const now = this.#now
      now.state[row] = state
      now.failing[row] = failing
      now.trust[row] = trust
      now.success[row] = Math.round(success * 1_000)
      now.latencyMs[row] = latencyMs > 0 ? Math.round(latencyMs) : -1
      now.attempts[row] = attempts
      now.inFlight[row] = inFlight
      this.#seen[row] = this.#reading
      expected = row + 1
      here++
    })
    const gone = this.#rows.size - here
    if (gone > fewestGone && gone > here) return this.#beginAnew(each)
    for (let row = 0; gone > 0 && row < this.#rows.size; row++) {
      if (this.#seen[row] !== this.#reading) this.#now.state[row] = -1
    }
  }

  /** Everything as it was sent last, for a page that comes, or that has missed something. */
  whole(at: number): ProxyColumns {
    const { sent } = this.#caughtUp()
    return {
      kind: 'whole',
      at,
      id: this.#id.slice(0, sent.state.length),
      tags: this.#tags.slice(0, sent.state.length),
      tagSets: this.#tagSets,
      ...(sent as unknown as Pick<ProxyColumns, Changing>),
    }
  }

  /** What has changed since the last delta; undefined where nothing has, `anew` where all must be sent whole. */
  delta(at: number): ProxyDelta | 'anew' | undefined {
    if (this.#isAnew) {
      this.#caughtUp()
      return 'anew'
    }
    const sent = this.#sent
    const now = this.#now
    const before = sent.state.length
    const rows: number[] = []
    const changed = emptyColumns()
    const start = before === 0 ? 0 : this.#next % before
    for (let n = 0; n < before && rows.length < mostChanged; n++) {
      const row = (start + n) % before
      this.#next = row + 1
      if (!changing.some((name) => sent[name][row] !== now[name][row])) continue
      rows.push(row)
      for (const name of changing) {
        sent[name][row] = now[name][row]!
        changed[name].push(now[name][row]!)
      }
    }
    const isMore = now.state.length > before
    if (rows.length === 0 && !isMore) return undefined
    const delta = {
      kind: 'delta',
      at,
      rows,
      ...(changed as unknown as Pick<ProxyColumns, Changing>),
    } as const
    if (!isMore) return delta
    for (const name of changing) sent[name].push(...now[name].slice(before))
    const added = Object.fromEntries(changing.map((name) => [name, now[name].slice(before)]))
    return {
      ...delta,
      added: {
        id: this.#id.slice(before),
        tags: this.#tags.slice(before),
        tagSets: this.#tagSets,
        ...(added as unknown as Pick<ProxyColumns, Changing>),
      },
    }
  }

  /** At the first reading, and after a new beginning, what is becomes what was sent. */
  #caughtUp(): { sent: Columns } {
    if (this.#isAnew) {
      this.#isAnew = false
      for (const name of changing) this.#sent[name] = [...this.#now[name]]
    }
    return { sent: this.#sent }
  }

  #beginAnew(each: (tell: TellProxy) => void): void {
    this.#rows = new Map()
    this.#id = []
    this.#tags = []
    this.#seen = []
    this.#now = emptyColumns()
    this.#isAnew = true
    this.read(each)
  }

  /** The objects of tags are those of the endpoints, and stay. */
  #numberOfTags(tags: Readonly<Record<string, unknown>>): number {
    const known = this.#known.get(tags)
    if (known !== undefined) return known
    const words = Object.entries(tags).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)] as const],
    )
    const key = JSON.stringify(words)
    const number = this.#tagNumbers.get(key) ?? this.#tagSets.push(Object.fromEntries(words)) - 1
    this.#tagNumbers.set(key, number)
    this.#known.set(tags, number)
    return number
  }
}

function emptyColumns(): Columns {
  return { state: [], failing: [], trust: [], success: [], latencyMs: [], attempts: [], inFlight: [] }
}
