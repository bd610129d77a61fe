import type { AuditFinding, Testimony } from '../contracts/trust.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * Before a crawl ends by itself, what it has brought lies between two proofs of the exits that brought it. Each exit whose pages
 * nobody has judged since it was last found honest, or that is vouched for by a few alone, has one of them asked through
 * another, where possible through one that is to be judged as well: one request judges two. Agreement proves both; what is refuted is
 * asked for again together with all that the exit has brought since its last proof (corrections.ts), and then the
 * crawl goes on. An exit that is still not believed after that is asked about more of its pages.
 *
 * The crawl does not wait for long: for 2 minutes in each round, in which no page was corrected, and for 1 minute for one request.
 */
const longestRound = 120_000
const longestTask = 60_000
/** Requests at a time. */
const mostAtOnce = 16
/** Pages of one exit in one round. */
const mostOfExit = 8
/** Exits that must agree in a crawl that is about to end after fewer pages than this, where so many can be asked. */
const quorumOfFew = 7
const fewPages = 8
const manyExits = 16
/** Share of the exits of which it is believed that they lie now and then. */
const mostLiars = 0.25
/** Of those, the ones about which nobody could say anything. */
const mostOpen = 2
/** So many in a row about which nobody could, of whatever exits: there is nobody to ask. */
const mostInVain = 4

export class ClosingAudit {
  readonly #crawl: OpenCrawl
  /** Exits that are being judged, by task. */
  readonly #running = new Map<string, string>()
  /** Pages that were asked about in this round. */
  readonly #asked = new Set<string>()
  /** By exit, in this round. */
  readonly #tries = new Map<string, { asked: number; open: number }>()
  /** Exits that bring something else by now than they have brought, and what that holds against them. */
  readonly #changed = new Map<string, (() => void)[]>()
  #round: number | undefined
  /** What is to be asked in this round is in the state. */
  #prepared: number | undefined
  #endsAt = 0
  #inVain = 0
  #tasks = 0
  #cancelWait: (() => void) | undefined

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
  }

  get isRunning(): boolean {
    return this.#running.size > 0
  }

  /** Exits that are still to be judged before the crawl ends; 0 as long as it has other things to do. */
  get left(): number {
    return this.isRunning ? Math.max(this.#running.size, this.#due().length) : 0
  }

  /** Nothing else is left to do: what is to be asked now outlives the process. True when something was written for that. */
  async prepare(): Promise<boolean> {
    const { recalls, memory } = this.#crawl.corrections
    if (!this.#mayAsk || this.isRunning || this.#prepared === recalls) return false
    this.#prepared = recalls
    return memory.keep(this.#due())
  }

  /** Nothing else is left to do. True when the crawl has to wait: for what was begun, or for a free place. */
  goOn(): boolean {
    const { world, corrections } = this.#crawl
    const { crew } = world.engine
    if (!this.#mayAsk) return this.isRunning
    if (this.#round !== corrections.recalls) {
      this.#round = corrections.recalls
      this.#endsAt = world.clock.now() + longestRound
      this.#inVain = 0
      this.#asked.clear()
      this.#tries.clear()
      this.#changed.clear()
    }
    if (world.clock.now() >= this.#endsAt || this.#inVain >= mostInVain) return this.isRunning
    const due = this.#due()
    // Half of those that are due are judged as witnesses; where many are asked about one page, nearly all are.
    const most = this.#asksMany ? 1 : Math.min(mostAtOnce, Math.ceil((due.length + this.#running.size) / 2))
    for (const exit of due) {
      if (this.#running.size >= most) break
      if (crew.isFull) {
        this.#waitForRoom()
        return true
      }
      this.#ask(exit)
    }
    if (this.#running.size === 0) this.#judgeChanged()
    return this.isRunning || corrections.isRecalling
  }

  get #mayAsk(): boolean {
    const { world, life } = this.#crawl
    return !life.isEnding && world.engine.fleet.size >= 2 && world.trust !== undefined
  }

  /** Where many exits bring something else by now, it is the site that has changed. Few have lied. */
  #judgeChanged(): void {
    const changed = [...this.#changed]
    this.#changed.clear()
    if (changed.length > Math.max(1, this.#tries.size * mostLiars)) return
    for (const [exit, accusations] of changed) {
      for (const accuse of accusations) accuse()
      this.#crawl.corrections.refuted(exit)
    }
  }

  /** The crawl ends without it. */
  stop(): void {
    this.#cancelWait?.()
    for (const task of [...this.#running.keys()]) this.#crawl.world.engine.crew.abandon(task, 'aborted')
  }

  /** Exits that are to be judged, nobody is judging now, and about which there is something left to ask. */
  #due(): string[] {
    const underWay = new Set(this.#running.values())
    const exits: string[] = []
    for (const exit of this.#crawl.corrections.brought.exits)
      if (!underWay.has(exit) && this.#isDue(exit) && this.#next(exit)) exits.push(exit)
    return exits
  }

  #isDue(exit: string): boolean {
    const { corrections, world } = this.#crawl
    return corrections.brought.isDoubtful(exit) || !world.trust!.isFirm(exit)
  }

  /** What to ask about: a page that is said not to be there before one that is, for it costs most, and the latest before others. */
  #next(exit: string): readonly [string, Testimony] | undefined {
    const { asked = 0, open = 0 } = this.#tries.get(exit) ?? {}
    if (asked >= mostOfExit || open >= mostOpen) return undefined
    const all = this.#crawl.corrections.brought.testimoniesOf(exit)
    const left = all.filter(([id]) => !this.#asked.has(id))
    return left.find(([, { isEnd }]) => isEnd === (asked === 0)) ?? (asked < 2 ? left[0] : undefined)
  }

  #ask(exit: string): void {
    const { world, counting, source, credentials, id: crawl, corrections, bell, life } = this.#crawl
    const { crew, hosts } = world.engine
    const [page, testimony] = this.#next(exit)!
    const { request } = testimony
    const quorum = this.#quorumFor(testimony)
    const task = `${crawl}-audit-${++this.#tasks}`
    let finding: AuditFinding = 'open'
    this.#asked.add(page)
    this.#running.set(task, exit)
    crew.accept({
      id: task,
      crawl,
      request,
      host: hosts.keyOf(request.url),
      priority: 0,
      mayHedge: false,
      isPatient: true,
      deadlineMs: longestTask,
      spent: counting,
      ...(quorum !== undefined && { quorum }),
      ...(credentials && { credentials }),
      ...(source.classifier && { classifier: source.classifier }),
      ...(source.accept !== undefined && { accept: source.accept }),
      ...(source.judge === false && { judge: false }),
      audit: {
        testimony,
        prefers: (proxy) => proxy !== exit && this.#isWitness(proxy),
        found: (found, accuse) => {
          if (finding === 'open') finding = found
          if (accuse) this.#changed.set(exit, [...(this.#changed.get(exit) ?? []), accuse])
        },
      },
      // Where the others were led is no part of the question.
      hop: () => ({ reason: 'audit', detail: 'only what others bring of this URL is of interest' }),
      settle: (result) => {
        if (result.ok) void result.response.file?.remove()
        this.#running.delete(task)
        this.#count(exit, finding)
        if (finding === 'refuted') corrections.refuted(exit)
        else if (finding === 'contested') corrections.contested(page)
        if (life.isEnding) life.send('work.ended')
        bell.ring()
      },
    })
  }

  /**
   * A first page without links ends the whole crawl, and so does one that is not there: a few of one mind that were asked first must
   * not do that. That there is no page binds no exits together, so nobody is firm about that.
   */
  #quorumFor({ proxy, isEnd, isGone }: Testimony): number | undefined {
    if (this.#asksMany && (isEnd || !this.#crawl.world.trust!.isFirm(proxy))) return quorumOfFew
    return isGone ? 2 : undefined
  }

  /** It would end after very few pages, and there are many that can be asked about them. */
  get #asksMany(): boolean {
    const { counting, world } = this.#crawl
    return counting.pages < fewPages && world.engine.fleet.answerable >= manyExits
  }

  /** It is to be judged as well. */
  #isWitness(proxy: string): boolean {
    return (
      this.#isDue(proxy) &&
      this.#crawl.corrections.brought.testimoniesOf(proxy).length > 0 &&
      ![...this.#running.values()].includes(proxy)
    )
  }

  #count(exit: string, finding: AuditFinding): void {
    const tries = this.#tries.get(exit) ?? { asked: 0, open: 0 }
    tries.asked++
    if (finding === 'open') tries.open++
    this.#inVain = finding === 'open' ? this.#inVain + 1 : 0
    this.#tries.set(exit, tries)
  }

  #waitForRoom(): void {
    if (this.#cancelWait) return
    const { world, bell } = this.#crawl
    const { room, leave } = world.engine.crew.awaitRoom()
    const forget = world.clock.after(longestRound, () => this.#cancelWait?.())
    this.#cancelWait = leave
    void room.then(() => {
      forget()
      this.#cancelWait = undefined
      bell.ring()
    })
  }
}
