import { counted } from '../base/format.ts'
import type { Lease, Recall, Tally } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { Testimony, TrustListener } from '../contracts/trust.ts'
import { AuditMemory } from './audit-memory.ts'
import { Brought, type Word } from './brought.ts'
import { Contests } from './contests.ts'
import { keptOf, wholeTally } from './corrected.ts'
import type { OpenCrawl } from './open-crawl.ts'
import type { End } from './settle.ts'

/**
 * A conviction acts backwards. What an exit that is taken at its word has brought is remembered until the exit is compared
 * again (brought.ts): found honest, its pages are believed; found lying, they go back into the frontier, each with what it put
 * out, and are asked once more. What comes then is compared with that (corrected.ts).
 *
 * A page is remembered when it is settled, but an exit may be judged while its page is still being read. So an answer is
 * doubted from the moment at which it comes: when its exit is found lying before the page is settled, the answer is thrown
 * away and the request goes back as if nobody had answered. Only between the settlement and the moment at which the crawl
 * hears of it there is no such way, and there the page is recalled as soon as it is settled.
 *
 * What is remembered dies with the process, unless it was being audited (audit-memory.ts); what was recalled does not.
 */
export class Corrections implements TrustListener {
  readonly #crawl: OpenCrawl
  readonly #contests: Contests
  readonly #stopListening: (() => void) | undefined
  /** Exits that were found lying, and not honest since. */
  readonly #convicted = new Set<string>()
  /** Answers whose requests are not settled yet, by request. */
  readonly #open = new Map<string, OpenAnswer>()
  /** Pages that are settled. */
  readonly brought = new Brought()
  /** Those that are being audited, in the state. */
  readonly memory: AuditMemory
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
    this.memory = new AuditMemory(crawl, this.brought)
    this.#stopListening = crawl.world.trust?.listen(this)
  }

  /** What earlier runs have found out about hosts, and what they had to audit. */
  async open(): Promise<void> {
    await this.#contests.open()
    await this.memory.open()
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
    if (session !== undefined || !idempotent) return answer
    const { ledBy = [] } = answer
    const words = new Map<string, Word>()
    const isTaken = trust === 'proven' || trust === 'unproven'
    if (proxy !== undefined && trust === 'agreed' && this.#crawl.world.trust?.isOfMost(proxy) === false)
      words.set(proxy, 'vouched')
    for (const each of proxy !== undefined && isTaken ? [proxy, ...ledBy] : ledBy) words.set(each, 'doubtful')
    if (words.size === 0) return answer
    const { testimony } = answer
    const isLie =
      ledBy.some((each) => this.#convicted.has(each)) || (trust === 'proven' && this.#convicted.has(proxy!))
    this.#open.set(id, { words, testimony, isLie })
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
    this.brought.forget(id)
    this.#contests.forget(id)
    if (!answer && !this.#contests.isOpen(id)) return
    const recall = this.#recallOf(end)
    this.#contests.settled(id, recall)
    if (!answer) return
    if (answer.isLie) this.#recall([recall])
    else this.brought.remember(id, recall, answer.words, answer.testimony)
  }

  /** Its visit is over, whether or not it was settled. */
  over({ request }: Lease): void {
    this.#open.delete(request.id)
    this.#contests.over(request.id)
  }

  contestedAt(host: string): void {
    this.#contests.contestedAt(host)
  }

  proven(exit: string, isForGood = true): void {
    this.#convicted.delete(exit)
    this.brought.believe(exit, isForGood)
    if (isForGood) this.memory.believe(exit)
    for (const { words, isLie } of this.#open.values())
      if (!isLie && words.has(exit)) words.set(exit, isForGood ? 'believed' : 'vouched')
  }

  alarmed(): void {
    this.brought.doubt()
    for (const { words } of this.#open.values()) for (const exit of words.keys()) words.set(exit, 'doubtful')
  }

  convicted(exit: string, isWhole = false): void {
    this.#convicted.add(exit)
    for (const answer of this.#open.values()) {
      const word = answer.words.get(exit)
      if (word === 'doubtful' || (word !== undefined && isWhole)) answer.isLie = true
    }
    this.#askAgain(exit, isWhole)
  }

  /** Others bring something else than what it has brought: they are asked for all of that. */
  refuted(exit: string): void {
    this.#askAgain(exit, true)
  }

  /** Nobody knows which version of this page is right, and its output is to say so. */
  contested(id: string): void {
    const page = this.brought.takePage(id)
    if (page) this.#recallFew([page])
  }

  /** The crawl ends, by itself or not: nothing is recalled any more. Resolves when all that was is safe. */
  async end(isComplete: boolean): Promise<void> {
    this.#stopListening?.()
    await Promise.allSettled(this.#recalling)
    await this.#contests.end(isComplete)
    if (isComplete) await this.memory.clear()
    const left = this.#recalled.size + this.#awaited.size
    if (left === 0) return
    const isKept = this.#crawl.frontier.outputs !== undefined
    const way = isKept ? 'The next run asks for them.' : 'Crawl again, or with a state, which goes on.'
    this.#alert(left, `that are not believed any more, because the crawl ends before. ${way}`)
  }

  #askAgain(exit: string, isWhole: boolean): void {
    const { pages, forgotten } = this.brought.take(exit, isWhole)
    if (forgotten > 0)
      this.#alert(
        forgotten,
        `that ${exit} brought: it has been found lying, and only its newest pages are remembered. Crawl them again.`,
      )
    this.#recallFew(pages)
  }

  /** Not those about which exits change their minds for ever. */
  #recallFew(pages: readonly Recall[]): void {
    const few = pages.filter(({ correction }) => correction.revision <= mostRevisions)
    if (few.length > 0) this.#recall(few)
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

/** So often one page is corrected in a run. */
const mostRevisions = 8

interface OpenAnswer {
  /** On the word of which exits it is taken. */
  readonly words: Map<string, Word>
  readonly testimony: Testimony | undefined
  /** One of them has been found lying since. */
  isLie: boolean
}
