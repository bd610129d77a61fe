import { jsonForm, NoJsonForm, shownForm } from '../base/json-form.ts'
import type { KeptOutput, Lease, SetAside } from '../contracts/frontier.ts'
import type { Mark, SinkRecord } from '../contracts/sink.ts'
import type { Output } from '../contracts/source.ts'
import type { Trust } from '../contracts/trust.ts'
import { digestOf } from '../sink/digest.ts'
import { keptBefore, keptFrom } from './corrected.ts'

/**
 * What one page puts out. What does not fit its schema, or cannot be written as JSON, is set aside alone, before any sink
 * has seen it: a page must not be half in one sink and whole in another. A page that is tried again because something of
 * it was missing puts out only that. An output is known again by its digest or, where its page has changed a little (a
 * time, a counter), by its position.
 */
export class PageOutputs {
  /** What goes to the sinks. */
  readonly records: SinkRecord[] = []
  /** Of what was set aside, as much as is kept for a look; `asideCount` counts all. */
  readonly setAside: SetAside[] = []
  asideCount = 0
  /** What the first of them was refused with, where its schema refused it. */
  firstRefusal: Error | undefined
  readonly #lease: Lease
  readonly #source: string
  readonly #tracesOf: TracesOf
  readonly #mark: { readonly trust?: Mark }
  /** Kept by earlier tries, and not met yet in this one. */
  readonly #before: Map<number, string>
  /** Where each digest stands in `before`, the first at the end; made when one is looked for. */
  #places: Map<string, number[]> | undefined
  #next = 0

  /** `tracesOf`: by what sinks find a record again (Outbox.tracesOf). `trust`: of the page. */
  constructor(lease: Lease, source: string, tracesOf: TracesOf, trust: Trust | undefined) {
    this.#lease = lease
    this.#source = source
    this.#tracesOf = tracesOf
    this.#mark = trust === 'contested' ? { trust } : {}
    this.#before = new Map(keptBefore(lease).map(([index, digest]) => [index, digest]))
  }

  /** How many outputs the page had, whatever became of them. */
  get count(): number {
    return this.#next
  }

  /** Everything that this request has put out and that stays, earlier tries included. */
  get kept(): readonly KeptOutput[] {
    const now = this.records.map((record) => keptFrom(record, this.#tracesOf(record)))
    return [...keptBefore(this.#lease), ...now]
  }

  take(output: Exclude<Output, { kind: 'requests' | 'skipped' }>): void {
    const index = this.#next++
    if (output.kind === 'refused') {
      const { value, error } = output
      const found = {
        kind: 'item' as const,
        ...ofKind(output),
        index,
        value: shownForm(value),
        detail: error.message,
      }
      return this.#put({ ...found, issues: error.code === 'ITEM_INVALID' ? error.value.issues : [] }, error)
    }
    const { kind, value } = output
    const own = ofKind(output)
    try {
      jsonForm(value)
    } catch (error) {
      if (!(error instanceof NoJsonForm)) throw error
      const what = kind === 'item' ? 'The item' : 'The edge'
      const detail = `${what} of ${this.#lease.request.url} (${this.#source}) cannot be written as JSON: ${error.message}`
      return this.#put({ kind, ...own, index, value: shownForm(value), detail, issues: [] })
    }
    const { id: request } = this.#lease.request
    this.records.push({ kind, request, index, source: this.#source, value, ...own, ...this.#mark })
  }

  /** The page has been read: what earlier tries have put out is taken from `records`. */
  end(): void {
    if (this.#before.size === 0) return
    const fresh = this.records.filter((record) => !this.#isSame(record))
    this.records.splice(0, this.records.length, ...fresh.filter(({ index }) => !this.#before.has(index)))
  }

  #isSame(record: SinkRecord): boolean {
    const digest = digestOf(record)
    if (this.#before.get(record.index) === digest) return this.#before.delete(record.index)
    this.#places ??= placesOf(this.#before)
    // Those that were met at their own place are passed over.
    const places = this.#places.get(digest) ?? []
    let at = places.pop()
    while (at !== undefined && !this.#before.has(at)) at = places.pop()
    return at !== undefined && this.#before.delete(at)
  }

  #put(output: SetAside, error?: Error): void {
    if (this.asideCount++ === 0) this.firstRefusal = error
    if (this.setAside.length < mostShown) this.setAside.push(output)
  }
}

const mostShown = 1_000

type TracesOf = (record: SinkRecord) => KeptOutput[3] | undefined

function ofKind(output: { readonly kind: string; readonly itemKind?: string }): {
  readonly itemKind?: string
} {
  return output.kind !== 'edge' && output.itemKind !== undefined ? { itemKind: output.itemKind } : {}
}

function placesOf(before: ReadonlyMap<number, string>): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [index, digest] of [...before].reverse()) {
    const known = places.get(digest)
    if (known) known.push(index)
    else places.set(digest, [index])
  }
  return places
}
