import { counted } from '../base/format.ts'
import type { Lease, Recall, Tally } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { TrustListener } from '../contracts/trust.ts'
import { Contests } from './contests.ts'
import { keptOf, wholeTally } from './corrected.ts'
import type { OpenCrawl } from './open-crawl.ts'
import type { End } from './settle.ts'

/**
 * A conviction acts backwards. What an exit that is taken at its word has brought is remembered until the exit is compared
 * again: found honest, its pages are forgotten; found lying, they go back into the frontier, each with what it put out, and
 * are asked once more. What comes then is compared with that (corrected.ts).
 *
 * A page is remembered when it is settled, but an exit may be judged while its page is still being read. So an answer is
 * doubted from the moment at which it comes: when its exit is found lying before the page is settled, the answer is thrown
 * away and the request goes back as if nobody had answered. Only between the settlement and the moment at which the crawl
 * hears of it there is no such way, and there the page is recalled as soon as it is settled.
 *
 * What is remembered dies with the process; what was recalled does not.
 */
export class Corrections implements TrustListener {
  readonly #crawl: OpenCrawl
  readonly #contests: Contests
  readonly #stopListening: (() => void) | undefined
  /** Exits that were found lying, and not honest since. */
  readonly #convicted = new Set<string>()
  /** Answers whose requests are not settled yet, by request. */
  readonly #open = new Map<string, OpenAnswer>()
  /** Pages that are settled, by exit and request, the oldest first. */
  readonly #exits = new Map<string, Map<string, Recall>>()
  /** The exit that brought each of these, the oldest first. */
  readonly #exitOf = new Map<string, string>()
  /** How many pages of an exit were forgotten although nobody has judged it. */
  readonly #forgotten = new Map<string, number>()
  /** To be corrected at a visit that was due anyway. */
  readonly #awaited = new Map<string, Recall>()
  /** How often something was recalled: what was asked before that is out of date. */
  recalls = 0
  /** On their way into the frontier. */
  readonly #recalling = new Set<Promise<void>>()
  /** Recalled in this run and not settled since. */
  readonly #recalled = new Set<string>()

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
    this.#contests = new Contests(crawl, (pages) => this.#recall(pages))
    this.#stopListening = crawl.world.trust?.listen(this)
  }

  /** What earlier runs have found out about hosts. */
  async open(): Promise<void> {
    await this.#contests.open()
  }

  /** Something is on its way into the frontier. */
  get isRecalling(): boolean {
    return this.#recalling.size > 0
  }

  /** An answer has come to a request; gives it as it counts in this crawl. Told in the turn in which it comes. */
  answered(lease: Lease, result: TaskResult): TaskResult {
    const { id, session, idempotent } = lease.request
    const answer = this.#contests.answered(lease, result)
    const { proxy, trust } = answer
    this.#open.delete(id)
    const isDoubtful = trust === 'proven' || trust === 'unproven'
    if (!isDoubtful || proxy === undefined || session !== undefined || !idempotent) return answer
    this.#open.set(id, { exit: proxy, isLie: trust === 'proven' && this.#convicted.has(proxy) })
    return answer
  }

  /** Its answer is not believed any more, or it is to be asked in another way: it comes again instead of being settled. */
  mustComeAgain({ request: { id }, correction }: Lease): boolean {
    if (this.#open.get(id)?.isLie === true || this.#contests.isDoubted(id)) return true
    return correction === undefined && this.#awaited.has(id)
  }

  /** As it is to be visited: one that waited for a visit of its own is corrected by it. */
  leaseOf(lease: Lease): Lease {
    const awaited = this.#awaited.get(lease.request.id)
    if (!awaited || lease.correction) return lease
    const { kept, correction } = awaited
    const { memo: _memo, ...own } = lease
    const { memo } = awaited.lease
    return { ...own, ...(memo && { memo }), kept, correction }
  }

  /** Its request is settled, and this is how it ended, before it was compared with what it put out earlier. */
  settled(end: End): void {
    const { id } = end.lease.request
    const answer = this.#open.get(id)
    this.#open.delete(id)
    this.#recalled.delete(id)
    this.#awaited.delete(id)
    // Its newest visit counts.
    this.#forget(id)
    this.#contests.forget(id)
    if (!answer && !this.#contests.isOpen(id)) return
    const recall = this.#recallOf(end)
    this.#contests.settled(id, recall)
    if (!answer) return
    if (answer.isLie) this.#recall([recall])
    else this.#remember(answer.exit, id, recall)
  }

  /** Its visit is over, whether or not it was settled. */
  over({ request }: Lease): void {
    this.#open.delete(request.id)
    this.#contests.over(request.id)
  }

  contestedAt(host: string): void {
    this.#contests.contestedAt(host)
  }

  proven(exit: string): void {
    this.#convicted.delete(exit)
    for (const id of this.#exits.get(exit)?.keys() ?? []) this.#exitOf.delete(id)
    this.#exits.delete(exit)
    this.#forgotten.delete(exit)
    for (const [id, answer] of this.#open) if (answer.exit === exit && !answer.isLie) this.#open.delete(id)
  }

  convicted(exit: string): void {
    this.#convicted.add(exit)
    for (const answer of this.#open.values()) if (answer.exit === exit) answer.isLie = true
    const pages = [...(this.#exits.get(exit)?.values() ?? [])]
    for (const { lease } of pages) this.#exitOf.delete(lease.request.id)
    this.#exits.delete(exit)
    const forgotten = this.#forgotten.get(exit) ?? 0
    this.#forgotten.delete(exit)
    if (forgotten > 0)
      this.#alert(
        forgotten,
        `that ${exit} brought: it has been found lying, and only its newest pages are remembered. Crawl them again.`,
      )
    if (pages.length > 0) this.#recall(pages)
  }

  /** The crawl ends, by itself or not: nothing is recalled any more. Resolves when all that was is safe. */
  async end(isComplete: boolean): Promise<void> {
    this.#stopListening?.()
    await Promise.allSettled(this.#recalling)
    await this.#contests.end(isComplete)
    const left = this.#recalled.size + this.#awaited.size
    if (left === 0) return
    const isKept = this.#crawl.frontier.outputs !== undefined
    const way = isKept ? 'The next run asks for them.' : 'Crawl again, or with a state, which goes on.'
    this.#alert(left, `that are not believed any more, because the crawl ends before. ${way}`)
  }

  #remember(exit: string, id: string, recall: Recall): void {
    const pages = this.#exits.get(exit) ?? new Map<string, Recall>()
    this.#exits.set(exit, pages)
    pages.set(id, recall)
    this.#exitOf.set(id, exit)
    const [oldest] =
      pages.size > mostOfExit ? pages.keys() : this.#exitOf.size > most ? this.#exitOf.keys() : []
    if (oldest === undefined) return
    const whose = this.#exitOf.get(oldest)!
    this.#forget(oldest)
    this.#forgotten.set(whose, (this.#forgotten.get(whose) ?? 0) + 1)
  }

  #forget(id: string): void {
    const exit = this.#exitOf.get(id)
    if (exit === undefined) return
    this.#exitOf.delete(id)
    const pages = this.#exits.get(exit)
    pages?.delete(id)
    if (pages?.size === 0) this.#exits.delete(exit)
  }

  #recallOf(end: End): Recall {
    const { lease } = end
    const kept = keptOf(end, (record) => this.#crawl.outbox.tracesOf(record))
    const undo: Tally = wholeTally(end.tally, kept)
    const isResting = end.kind === 'done' && end.next !== undefined
    return {
      lease,
      ended: end.kind === 'dead' ? 'dead' : isResting ? 'resting' : 'done',
      hasLetter: end.kind === 'dead' || end.letter !== undefined,
      kept,
      correction: { revision: (lease.correction?.revision ?? 0) + 1, undo },
    }
  }

  #recall(pages: readonly Recall[]): void {
    const { frontier, life } = this.#crawl
    if (!frontier.recall)
      return this.#alert(
        pages.length,
        'that are not believed any more, because the frontier has no recall().',
      )
    this.recalls++
    for (const { lease } of pages) this.#contests.forget(lease.request.id)
    const recalling = this.#putBack(pages).catch((error: unknown) => life.fail(error))
    this.#recalling.add(recalling)
    recalling.then(() => {
      this.#recalling.delete(recalling)
      this.#crawl.bell.ring()
    })
  }

  async #putBack(pages: readonly Recall[]): Promise<void> {
    const { frontier, counting } = this.#crawl
    const answers = await frontier.recall!(pages)
    for (const [at, isBack] of answers.entries()) {
      const page = pages[at]!
      const { id } = page.lease.request
      if (!isBack) this.#awaited.set(id, page)
      else {
        this.#recalled.add(id)
        counting.queued++
      }
    }
  }

  #alert(pages: number, which: string): void {
    const message = `Not corrected: ${counted(pages, 'page')} ${which}`
    this.#crawl.world.emit('alert', { code: 'NOT_CORRECTED', message })
  }
}

/** Pages of one exit that are remembered, and of all together. */
const mostOfExit = 256
const most = 50_000

interface OpenAnswer {
  readonly exit: string
  /** Its exit has been found lying since. */
  isLie: boolean
}
