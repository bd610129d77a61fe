import type { SideStore } from '../contracts/frontier.ts'
import type { Retraction, Sink } from '../contracts/sink.ts'

/**
 * What one sink is to take back at its end. For a file each time is a pass over all of it, so it is done once for many: what
 * is right is written at once, and what is wrong stays beside it until then.
 *
 * With a state, each retraction is written down before what takes its place is written, and crossed out when it is gone. A
 * process may be killed between the two, and a line that stands there twice must not be taken back twice: so the length of
 * the file is written down before the pass, and a file that has another one afterwards has been through it.
 */
export class LateRetractions {
  readonly #sink: Sink
  readonly #side: SideStore | undefined
  readonly #prefix: string
  readonly #begunKey: string
  /** By their keys in the state. What comes again after a failure is there already. */
  readonly #waiting = new Map<string, readonly Retraction[]>()
  readonly #kept = new Set<readonly Retraction[]>()
  #count = 0

  /** `name` is the sink's in the log. */
  constructor(sink: Sink, name: string, side: SideStore | undefined) {
    this.#sink = sink
    this.#side = side
    this.#prefix = `taken-back/${encodeURIComponent(name)}/`
    this.#begunKey = `taking-back/${encodeURIComponent(name)}`
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** What earlier runs have left, without what a run that was killed had taken back already. */
  async open(): Promise<void> {
    if (!this.#side) return
    for await (const [key, value] of this.#side.scan(this.#prefix)) {
      if (value.length > 0) this.#waiting.set(key, JSON.parse(Buffer.from(value).toString()) as Retraction[])
    }
    const written = await this.#side.get(this.#begunKey)
    if (!written || written.length === 0) return
    const { upto, place } = JSON.parse(Buffer.from(written).toString()) as Begun
    if ((await this.#sink.place?.()) === place) return
    await this.#crossOut([...this.#waiting.keys()].filter((key) => key <= upto))
  }

  /** `position`: of its push in the log, if there is one. */
  async keep(retractions: readonly Retraction[], position: number | undefined): Promise<void> {
    if (this.#kept.has(retractions)) return
    const key = `${this.#prefix}${String(position ?? this.#count++).padStart(16, '0')}`
    await this.#side?.put(key, Buffer.from(JSON.stringify(retractions)))
    this.#kept.add(retractions)
    this.#waiting.set(key, retractions)
  }

  /** Lets the sink take back all that waits. Resolves with how many it did not find. */
  async apply(): Promise<number> {
    const keys = [...this.#waiting.keys()].sort()
    const upto = keys.at(-1)
    if (upto === undefined) return 0
    const place = this.#side && (await this.#sink.place?.())
    if (place !== undefined) {
      const begun: Begun = { upto, place }
      await this.#side?.put(this.#begunKey, Buffer.from(JSON.stringify(begun)))
    }
    const missing = await this.#sink.takeBack!(keys.flatMap((key) => this.#waiting.get(key)!))
    await this.#crossOut(keys)
    return missing
  }

  async #crossOut(keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#side?.put(key, new Uint8Array())
    await this.#side?.put(this.#begunKey, new Uint8Array())
    for (const key of keys) {
      this.#kept.delete(this.#waiting.get(key)!)
      this.#waiting.delete(key)
    }
  }
}

interface Begun {
  /** The key of the last of them. */
  readonly upto: string
  /** Of the sink before. */
  readonly place: number
}
