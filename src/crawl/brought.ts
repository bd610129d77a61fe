import type { Recall } from '../contracts/frontier.ts'
import type { Testimony } from '../contracts/trust.ts'
import { withoutAnswer } from '../race/testimony.ts'

/**
 * What each exit has brought to a crawl, as long as it may turn out to be a lie. A page is *doubtful* until its exit is found honest
 * once more. Then it is *vouched for*: it is right unless those who vouch for the exit are liars of one mind, until most exits
 * are known to say the same. From then on it is *believed*: it is right unless the exit lies now and then, and was honest when
 * it was compared. A page that several exits had to do with, because one redirected to another, is kept for each of them.
 *
 * Of some pages the answer is kept, too, so that others can be asked for the same (closing-audit.ts): of the latest one, and of
 * others by chance, as an exit that lies now and then may have been honest at the end.
 */
interface Exit {
  readonly doubtful: Map<string, Recall>
  readonly vouched: Map<string, Recall>
  readonly believed: Map<string, Recall>
  readonly testimonies: Map<string, Testimony>
  /** Pages with a testimony. */
  seen: number
  /** Doubtful pages beyond what is remembered. */
  forgotten: number
}

/** How far a page of an exit is believed. */
export type Word = 'doubtful' | 'vouched' | 'believed'

/** Pages of one exit that are remembered of each kind, and of all exits together. */
const mostOfExit = 256
const most = 50_000
/** Pages that are believed, of all exits together. */
const mostBelieved = 10_000
/** Answers of one exit that are kept, and bytes of all. */
const mostTestimonies = 8
const mostBytes = 16 * 1024 * 1024

export class Brought {
  readonly #exits = new Map<string, Exit>()
  /** The exits that had to do with each page, the oldest first. */
  readonly #exitsOf = new Map<string, readonly string[]>()
  /** Pages that are believed, the oldest first. */
  readonly #believed = new Set<string>()
  #bytes = 0

  /** A page was settled. `words`: what it stands on, by exit. `testimony` is of the exit that has brought the page itself. */
  remember(
    id: string,
    recall: Recall,
    words: ReadonlyMap<string, Word>,
    testimony: Testimony | undefined,
  ): void {
    this.#exitsOf.set(id, [...words.keys()])
    for (const [label, word] of words) {
      const exit = this.#exitOf(label)
      if (testimony?.proxy === label) this.#keep(exit, id, testimony)
      this.#put(word, id, recall, label, exit)
    }
    if (this.#exitsOf.size > most) this.#dropWhole(this.#exitsOf.keys().next().value!)
  }

  /** Its newest visit counts, and it has none that is known. */
  forget(id: string): void {
    for (const label of this.#exitsOf.get(id) ?? []) this.#remove(id, label)
    this.#exitsOf.delete(id)
  }

  /** What it has brought is right. `isForGood`: nobody will be able to say otherwise of those who vouch for it. */
  believe(label: string, isForGood: boolean): void {
    const exit = this.#exits.get(label)
    if (!exit) return
    const { doubtful, vouched } = exit
    const pages = isForGood ? [...vouched, ...doubtful] : [...doubtful]
    doubtful.clear()
    if (isForGood) vouched.clear()
    exit.forgotten = 0
    const word = isForGood ? 'believed' : 'vouched'
    for (const [id, recall] of pages) this.#put(word, id, recall, label, exit)
  }

  /** Exits lie now and then: what was believed because they were honest when they were compared is doubtful again. */
  doubt(): void {
    for (const [label, exit] of this.#exits) {
      const pages = [...exit.believed, ...exit.vouched]
      exit.believed.clear()
      exit.vouched.clear()
      const newest = [...exit.doubtful]
      exit.doubtful.clear()
      for (const [id, recall] of [...pages, ...newest]) this.#put('doubtful', id, recall, label, exit)
    }
    this.#believed.clear()
  }

  /** What it has brought is to be asked again, and is not remembered any more. `isWhole`: what is vouched for or believed, too. */
  take(label: string, isWhole: boolean): { readonly pages: readonly Recall[]; readonly forgotten: number } {
    const exit = this.#exits.get(label)
    if (!exit) return { pages: [], forgotten: 0 }
    const { believed, vouched, doubtful } = exit
    const taken = new Map(isWhole ? [...believed, ...vouched, ...doubtful] : doubtful)
    const { forgotten } = exit
    exit.forgotten = 0
    for (const id of taken.keys()) this.forget(id)
    return { pages: [...taken.values()], forgotten }
  }

  /** One page. */
  takePage(id: string): Recall | undefined {
    const [label] = this.#exitsOf.get(id) ?? []
    const exit = label === undefined ? undefined : this.#exits.get(label)
    const recall = exit?.doubtful.get(id) ?? exit?.vouched.get(id) ?? exit?.believed.get(id)
    this.forget(id)
    return recall
  }

  /** Exits with pages that are remembered. */
  get exits(): Iterable<string> {
    return this.#exits.keys()
  }

  /** What it has brought that may have to be asked again: all but what is believed. */
  *pagesOf(label: string): Generator<readonly [id: string, word: Word, recall: Recall]> {
    const exit = this.#exits.get(label)
    for (const [id, recall] of exit?.vouched ?? []) yield [id, 'vouched', recall]
    for (const [id, recall] of exit?.doubtful ?? []) yield [id, 'doubtful', recall]
  }

  /** It has brought pages since it was last found honest. */
  isDoubtful(label: string): boolean {
    return (this.#exits.get(label)?.doubtful.size ?? 0) > 0
  }

  /** Answers of it that are kept, by page, the latest first. */
  testimoniesOf(label: string): readonly (readonly [id: string, testimony: Testimony])[] {
    return [...(this.#exits.get(label)?.testimonies ?? [])].reverse()
  }

  /** The latest one takes the place of the one before it, which takes the place of another now and then: a sample of all. */
  #keep(exit: Exit, id: string, testimony: Testimony): void {
    const { testimonies } = exit
    exit.seen++
    if (testimonies.size >= mostTestimonies) {
      const ids = [...testimonies.keys()]
      const before = ids.length - 1
      const isChosen = share(exit.seen, golden) * exit.seen < before
      this.#removeTestimony(exit, ids[isChosen ? Math.floor(share(exit.seen, silver) * before) : before]!)
    }
    const isTooMuch = this.#bytes + testimony.size > mostBytes
    const kept = isTooMuch ? withoutAnswer(testimony) : testimony
    testimonies.set(id, kept)
    this.#bytes += kept.size
  }

  #put(word: Word, id: string, recall: Recall, label: string, exit: Exit): void {
    exit[word].set(id, recall)
    if (word === 'believed') {
      this.#believed.add(id)
      if (this.#believed.size > mostBelieved) this.#dropWhole(this.#believed.values().next().value!)
    } else if (exit[word].size > mostOfExit) this.#drop(exit[word].keys().next().value!, label, exit)
  }

  #exitOf(label: string): Exit {
    const known = this.#exits.get(label)
    if (known) return known
    const exit = {
      doubtful: new Map(),
      vouched: new Map(),
      believed: new Map(),
      testimonies: new Map(),
      seen: 0,
      forgotten: 0,
    }
    this.#exits.set(label, exit)
    return exit
  }

  #dropWhole(id: string): void {
    for (const label of this.#exitsOf.get(id) ?? []) this.#drop(id, label, this.#exits.get(label)!)
    this.#exitsOf.delete(id)
  }

  /** There is no room for it. */
  #drop(id: string, label: string, exit: Exit): void {
    if (exit.doubtful.has(id)) exit.forgotten++
    this.#leave(id, label)
    this.#remove(id, label)
  }

  /** It has nothing more to do with this page. */
  #leave(id: string, label: string): void {
    const others = this.#exitsOf.get(id)?.filter((each) => each !== label) ?? []
    if (others.length > 0) this.#exitsOf.set(id, others)
    else this.#exitsOf.delete(id)
  }

  #remove(id: string, label: string): void {
    const exit = this.#exits.get(label)
    if (!exit) return
    exit.doubtful.delete(id)
    exit.vouched.delete(id)
    if (exit.believed.delete(id)) this.#believed.delete(id)
    this.#removeTestimony(exit, id)
    if (exit.doubtful.size + exit.vouched.size + exit.believed.size + exit.forgotten === 0)
      this.#exits.delete(label)
  }

  #removeTestimony({ testimonies }: Exit, id: string): void {
    this.#bytes -= testimonies.get(id)?.size ?? 0
    testimonies.delete(id)
  }
}

/** Two that are hardly ever near a fraction, so that the multiples of each are spread evenly in [0, 1). */
const golden = (Math.sqrt(5) - 1) / 2
const silver = Math.SQRT2 - 1

function share(times: number, of: number): number {
  return (times * of) % 1
}
