import type { Clock } from '../base/clock.ts'
import { redact } from '../base/redact.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { Explanation, LifeEnd, LivesAgain, OtherWait, RequestLife } from '../contracts/explanation.ts'
import type { ExplanationStore } from '../contracts/explanation-store.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Outcome } from '../contracts/outcome.ts'
import type { HeldFor, Judgement } from '../contracts/trust.ts'
import type { ExplainOptions } from '../options/options.ts'
import type { Attempt } from '../race/attempt.ts'
import type { Race } from '../race/race.ts'
import type { Blame } from '../reputation/blame.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'
import { explanationOf, isOf } from './answer.ts'
import { KeptStories } from './kept-stories.ts'
import { Story } from './story.ts'

/**
 * Why did this request go the way it did? A story is noted of every request under way (story.ts). When it ends, it is kept
 * if it failed, if it was slow, or if it is one of those that are sampled; any other is remembered until 256 more have
 * ended, and then its story is another request's. What is kept goes to the store too, where there is a state.
 */

/** Of the good ones, the latest: what has just happened can be asked for, sampled or not. */
const mostRecent = 256
/** Answers before it is known what is slow. */
const enough = 50
/** How often those under way are written down, ms, and how many of them: the oldest. */
const snapshotEvery = 250
const mostUnderWay = 300
/** Where that takes long, it is done less often: it costs one part in so many of the time. */
const snapshotShare = 100
/** Crawls and reasons that are told apart: a source may give each page a reason of its own. */
const mostReasons = 1_000
/** Links of one reason that are named, of those that are not followed. */
const mostRejected = 100

/** How a visit of a crawl has ended. */
export interface VisitEnd {
  readonly as: 'done' | 'dead' | 'skipped' | 'requeued'
  readonly reason?: string | undefined
  readonly detail?: string | undefined
  /** Back in the queue: clock ms before which it is not taken again. */
  readonly until?: number | undefined
  readonly read?: {
    readonly status: number
    readonly items: number
    readonly edges: number
    readonly links: number
    readonly via: string
  }
  /** Records that are on their way to the sinks. */
  readonly storing?: number
}

export class Explanations {
  readonly #options: ExplainOptions | false
  readonly #clock: Clock
  /** Of the tasks that were answered: what is slow. */
  readonly #latency: LatencyHistogram
  readonly #running = new Map<string, Story>()
  readonly #kept: KeptStories
  readonly #rejected = new Map<string, RequestLife[]>()
  /** Requests that were skipped, by crawl and reason. */
  readonly #skipped = new Map<string, number>()
  readonly #free: Story[] = []
  #store: ExplanationStore | undefined
  #cancelSnapshot: (() => void) | undefined
  #isSnapshotEmpty = true
  /** How long the last one took, ms. */
  #snapshotMs = 0
  #count = 0

  constructor(options: ExplainOptions | false, clock: Clock, latency: LatencyHistogram) {
    this.#options = options
    this.#clock = clock
    this.#latency = latency
    const keep = options ? options.keep : 0
    this.#kept = new KeptStories(Math.min(mostRecent, keep), keep, (story) => this.#recycle(story))
  }

  /** From now on what is kept is written down, and a few times a second what is known of those under way. */
  open(store: ExplanationStore): void {
    if (this.#options) this.#store = store
  }

  /** The crawler ends: those that are still under way are left as they are. */
  close(): void {
    this.#cancelSnapshot?.()
    this.#cancelSnapshot = undefined
    if (this.#store) this.#snapshot()
    this.#store = undefined
  }

  /** A crawl has taken a request from its frontier. Why it lives once more, if it does. */
  taken(crawl: string, { request, memo, correction, attempts }: Lease, task: string): LivesAgain | undefined {
    const again = correction ? 'correction' : attempts > 0 ? 'requeued' : memo ? 'revisit' : undefined
    if (!this.#options) return again
    const story = this.#begin(task)
    story.isVisit = true
    story.crawl = crawl
    story.request = request.id
    story.url = request.url
    story.host = request.host
    story.depth = request.depth
    story.foundOn = request.referrer
    story.again = again
    return again
  }

  accepted(job: TaskJob): void {
    if (!this.#options) return
    const known = this.#running.get(job.id)
    const story = known ?? this.#begin(job.id)
    story.host = job.host
    if (story.steps.length > 0) story.add({ at: this.#clock.now(), step: 'lined' })
    if (known) return
    story.crawl = job.crawl
    story.url = job.request.url
  }

  parked(task: string, reason: ParkReason, until: number | undefined, race: Race): void {
    const story = this.#running.get(task)
    if (!story) return
    const last = story.steps.at(-1)
    // A task that waits for its turn may be told the same thing many times.
    if (last?.step === 'parked' && last.reason === reason) return
    const now = this.#clock.now()
    const isTelling = reason === 'no-proxy' || reason === 'no-proxy-passes'
    const hasGates = isTelling || reason === 'interval' || reason === 'proxy-limit'
    const isWanted = hasGates && (isTelling || story.isSampled || story.attempts > 0)
    const gates = isWanted ? race.pool.selection.gates(race.attempts, now) : undefined
    story.add({ at: now, step: 'parked', reason, until, ...(gates && { gates }) })
  }

  waits(task: string, reason: OtherWait, until?: number): void {
    const now = this.#clock.now()
    this.#running.get(task)?.add({ at: now, step: 'waits', reason, until })
  }

  attemptStarted(job: TaskJob, attempt: Attempt): void {
    this.#running.get(job.id)?.started(attempt)
  }

  finished(job: TaskJob, attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void {
    const story = this.#running.get(job.id) ?? this.#kept.find(job.id)
    story?.finished(attempt, outcome, blame, won)
  }

  forgiven(task: string, proxies: readonly { readonly proxy: number }[]): void {
    this.#running.get(task)?.forgiven(proxies)
  }

  held(task: string, proxy: string, reason: HeldFor): void {
    this.#running.get(task)?.add({ at: this.#clock.now(), step: 'held', proxy, reason })
  }

  judged(task: string, judgement: Judgement): void {
    this.#running.get(task)?.add({ at: this.#clock.now(), step: 'judged', ...judgement })
  }

  redirected(task: string, to: string): void {
    this.#running.get(task)?.add({ at: this.#clock.now(), step: 'redirect', to: redact(to) })
  }

  ended({ id }: TaskJob, result: TaskResult): void {
    const story = this.#running.get(id)
    if (!story) return
    story.verdict = result.ok ? result.verdict.kind : result.verdict
    story.reason = result.ok ? result.verdict.reason : result.reason
    story.answeredBy = result.ok ? result.answeredBy : undefined
    if (!result.ok) story.detail = result.detail
    story.busyMs = result.busyMs
    if (story.isVisit) return
    story.end = result.ok ? 'answered' : 'failed'
    this.#close(story)
  }

  /** A crawl has settled a request. */
  settled(task: string, end: VisitEnd): void {
    const story = this.#running.get(task)
    if (!story) return
    const { as, reason, detail, until, read, storing = 0 } = end
    const now = this.#clock.now()
    if (read) story.add({ at: now, step: 'read', ...read })
    const said = { ...(reason !== undefined && { reason }), ...(detail !== undefined && { detail }) }
    story.add({ at: now, step: 'settled', as, ...said, ...(until !== undefined && { until }) })
    story.end = endOf[as]
    // Why it goes back is what its task says.
    if (reason !== undefined) story.reason = reason
    if (detail !== undefined) story.detail = detail
    story.isStoring = storing > 0
    if (!story.isStoring) this.#close(story)
  }

  /** Its outputs are safe in every sink, or one of them cannot take them. */
  stored(task: string, sinks: readonly string[], records: number, failure?: string): void {
    const story = this.#running.get(task)
    if (!story) return
    const at = this.#clock.now()
    story.add({ at, step: 'stored', sinks, records, ...(failure !== undefined && { failure }) })
    if (failure !== undefined) {
      story.reason = 'sink-failed'
      story.detail = failure
      if (story.end === 'running') story.end = 'requeued'
    }
    if (story.isStoring) this.#close(story)
  }

  /** Its visit is over, however that came about. */
  over(task: string): void {
    const story = this.#running.get(task)
    if (!story || story.isStoring) return
    story.end = 'requeued'
    this.#close(story)
  }

  /** A link is not followed. The first of each reason are named. */
  rejected(crawl: string, url: string, reason: string, foundOn: string | undefined): void {
    if (!this.#options) return
    const key = `${crawl} ${reason}`
    const known = this.#rejected.get(key) ?? []
    if (known.length >= mostRejected || (known.length === 0 && this.#rejected.size >= mostReasons)) return
    this.#rejected.set(key, known)
    const now = this.#clock.now()
    const life: RequestLife = {
      task: '',
      crawl,
      url: redact(url.slice(0, 2_000)),
      host: URL.parse(url)?.host ?? '',
      ...(foundOn !== undefined && { foundOn: redact(foundOn) }),
      begunAt: this.#clock.wall(),
      acceptedAt: now,
      settledAt: now,
      verdict: undefined,
      reason: 'not-followed',
      detail: reason,
      answeredBy: undefined,
      end: 'skipped',
      kept: 'failed',
      timeline: [],
    }
    known.push(life)
    this.#store?.keep(life)
  }

  /** By the id of a task or of a request, or by URL: all that is remembered of it. */
  explain(which: string): Explanation | undefined {
    if (!this.#options) return undefined
    const lives = [...this.#kept.all(), ...this.#running.values()]
      .filter((story) => story.task === which || story.request === which || story.url.length > 0)
      .filter((story) => isOf({ task: story.task, request: story.request, url: story.url }, which))
      .map((story) => story.toLife())
    const turnedAway = [...this.#rejected.values()].flat().filter((life) => isOf(life, which))
    return explanationOf(lives.length > 0 ? lives : turnedAway)
  }

  /** All that is remembered, those under way last. Each is used again for others: read it at once. */
  *stories(): Generator<Story> {
    yield* this.#kept.all()
    yield* this.#running.values()
  }

  #begin(task: string): Story {
    const story = this.#free.pop() ?? new Story()
    story.task = task
    story.acceptedAt = this.#clock.now()
    story.begunAt = this.#clock.wall()
    const { sample } = this.#options as ExplainOptions
    story.isSampled = sample > 0 && this.#count++ % sample === 0
    this.#running.set(task, story)
    if (this.#store && !this.#cancelSnapshot) this.#armSnapshot()
    return story
  }

  #close(story: Story): void {
    this.#running.delete(story.task)
    story.settledAt = this.#clock.now()
    story.isStoring = false
    story.kept = this.#whyKept(story)
    if (story.kept !== 'recent') this.#store?.keep(story.toLife())
    this.#kept.add(story)
  }

  #whyKept(story: Story): Story['kept'] {
    const isBad = story.end !== 'answered' || (story.reason !== undefined && isTrouble(story.reason))
    if (story.end === 'skipped' && !this.#isNamed(story)) return story.isSampled ? 'sampled' : 'recent'
    if (isBad) return 'failed'
    const { slow } = this.#options as ExplainOptions
    const isSlow =
      slow === 'p95'
        ? this.#latency.recorded >= enough && story.busyMs > this.#latency.quantile(0.95)! * 1.05
        : story.settledAt! - story.acceptedAt >= slow
    return isSlow ? 'slow' : story.isSampled ? 'sampled' : 'recent'
  }

  /** A broad crawl skips thousands for one reason: the first of each are enough. */
  #isNamed({ crawl = '', reason = '' }: Story): boolean {
    const key = `${crawl} ${reason}`
    const count = this.#skipped.get(key) ?? 0
    if (count === 0 && this.#skipped.size >= mostReasons) return false
    this.#skipped.set(key, count + 1)
    return count < mostRejected
  }

  #recycle(story: Story): void {
    story.clear()
    if (this.#free.length < mostRecent) this.#free.push(story)
  }

  #armSnapshot(): void {
    this.#cancelSnapshot = this.#clock.after(
      Math.max(snapshotEvery, this.#snapshotMs * snapshotShare),
      () => {
        this.#cancelSnapshot = undefined
        const began = this.#clock.now()
        this.#snapshot()
        this.#snapshotMs = Math.min(50, this.#clock.now() - began)
        if (this.#running.size > 0) this.#armSnapshot()
      },
    )
  }

  /** The oldest tell most: they wait, or something is wrong with them. */
  #snapshot(): void {
    const isEmpty = this.#running.size === 0
    if (isEmpty && this.#isSnapshotEmpty) return
    this.#isSnapshotEmpty = isEmpty
    const lives: string[] = []
    for (const story of this.#running.values()) {
      if (lives.push(story.toText()) >= mostUnderWay) break
    }
    this.#store?.underWay(lives)
  }
}

const endOf = {
  done: 'answered',
  dead: 'failed',
  skipped: 'skipped',
  requeued: 'requeued',
} as const satisfies Record<VisitEnd['as'], LifeEnd>

/** Its page has come, and something of it could not be kept. */
function isTrouble(reason: string): boolean {
  return reason === 'item-invalid' || reason === 'sink-failed'
}
