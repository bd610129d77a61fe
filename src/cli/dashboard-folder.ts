import type { Clock } from '../base/clock.ts'
import { counted } from '../base/format.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { RequestLife } from '../contracts/explanation.ts'
import type { DashboardView, DeadQuery, RequestQuery, TellProxy } from '../dashboard/dashboard-view.ts'
import { countLetter, groupsOf, type LetterGroups, rowOfLetter } from '../dashboard/letters.ts'
import type {
  Action,
  ActionAnswer,
  ActionKind,
  DeadGroups,
  DeadPage,
  HostTable,
  Overview,
  ProxyDetail,
  RequestDetail,
  RequestList,
  Series,
} from '../dashboard/protocol.ts'
import { proxyStates } from '../dashboard/protocol.ts'
import { explanationOf, isOf } from '../observe/answer.ts'
import { explanationText } from '../observe/explanation-text.ts'
import { readExplanations } from '../state/explanations.ts'
import { readDeadLetters, reviveDeadLetters } from '../state/stored-crawls.ts'
import {
  folderOverview,
  folderSeries,
  hostRowOf,
  proxyDetailOf,
  type ReadFolder,
  readForDashboard,
  requestRowOf,
} from './dashboard-rows.ts'

/**
 * The crawl in a folder, as the dashboard shows it: what `regatta status` and `regatta explain` read, again every two seconds
 * while somebody looks. A process that works there is not disturbed. What was given up can be tried again while none does.
 */
const readEvery = 2_000
/** Of the time, so much at most is spent reading. */
const shareOfTime = 10

export class FolderView implements DashboardView {
  readonly source = 'folder'
  deadVersion = 0
  readonly #dir: string
  readonly #clock: Clock
  #read: ReadFolder | undefined
  #dueAt = 0
  #reading: Promise<void> | undefined
  #dead: LetterGroups = new Map()
  #deadCount = -1
  #lives: { readonly at: number; readonly rows: readonly RequestLife[] } | undefined

  constructor(dir: string, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
  }

  get can(): readonly ActionKind[] {
    const isFree = this.#folder.pid === undefined
    return isFree && this.#deadCount > 0 ? ['retryDead'] : []
  }

  refresh(): Promise<void> {
    if (this.#clock.now() < this.#dueAt) return Promise.resolve()
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  overview(): Omit<Overview, 'series' | 'can'> {
    return folderOverview(this.#folder, this.#dead, this.#clock.wall())
  }

  series(from: number): Series {
    return folderSeries(this.#folder.run, from)
  }

  hosts(): HostTable {
    const { hosts, moreHosts, run } = this.#folder
    return { at: this.#clock.wall(), rows: hosts.map((host) => hostRowOf(host, run)), more: moreHosts }
  }

  eachProxy(tell: TellProxy): void {
    for (const { proxy, state, success, firstByteMs, attempts, lies } of this.#folder.proxies) {
      const [place, trust] = [proxyStates.indexOf(state), lies ? 3 : 0]
      tell(proxy, noTags, place, 0, trust, success ?? 0.5, firstByteMs ?? 0, attempts ?? 0, 0)
    }
  }

  proxy(id: string): ProxyDetail | undefined {
    const { proxies, run } = this.#folder
    const found = proxies.find(({ proxy }) => proxy === id)
    return found && proxyDetailOf(found, run, this.#clock.wall())
  }

  requests({ end, host, proxy, search, limit }: RequestQuery): RequestList {
    const found = this.#known.filter(
      (life) =>
        (end === undefined || life.end === end) &&
        (host === undefined || life.host === host) &&
        (proxy === undefined ||
          life.timeline.some((step) => step.step === 'attempt' && step.proxy === proxy)) &&
        (search === undefined ||
          [life.url, life.task, life.request, life.reason].some((text) => text?.includes(search))),
    )
    const at = this.#clock.wall()
    return {
      at,
      rows: found.slice(0, limit).map((life) => requestRowOf(life, at)),
      more: Math.max(0, found.length - limit),
    }
  }

  request(which: string): RequestDetail | undefined {
    const lives = this.#known.filter((life) => isOf(life, which)).reverse()
    const explanation = explanationOf(lives)
    return explanation && { explanation, text: explanationText(explanation) }
  }

  async deadGroups(): Promise<DeadGroups> {
    return groupsOf(this.#dead, this.#clock.wall(), true)
  }

  async deadPage({ reason, crawl, offset, limit }: DeadQuery): Promise<DeadPage> {
    const letters = this.#letters(crawl)
      .filter(({ letter }) => reason === undefined || letter.reason.code === reason)
      .reverse()
    return {
      reason: reason ?? null,
      offset,
      total: letters.length,
      letters: letters.slice(offset, offset + limit).map(({ name, letter }) => rowOfLetter(name, letter)),
    }
  }

  async act(action: Action): Promise<ActionAnswer> {
    if (action.action !== 'retryDead') {
      const message = 'The process of this crawl has no dashboard: start it with --dashboard.'
      throw new RegattaError('STOPPED', message)
    }
    const chosen = new Map<string, string[]>()
    const ids = 'ids' in action ? new Set(action.ids) : undefined
    const reason = 'reason' in action ? action.reason : undefined
    for (const { name, letter } of this.#letters(action.crawl)) {
      const { id } = letter.request
      if (reason !== undefined && letter.reason.code !== reason) continue
      if (ids?.has(id) ?? true) chosen.set(name, [...(chosen.get(name) ?? []), id])
    }
    const done = await reviveDeadLetters(this.#dir, chosen, this.#clock)
    this.#dueAt = 0
    await this.refresh()
    const sentence =
      done === 0
        ? 'There is nothing to try again.'
        : `${counted(done, 'request')} will be tried again when the crawl is resumed.`
    return { ok: true, done, sentence }
  }

  /** A folder tells nothing at once. */
  onTransition(): () => void {
    return () => {}
  }

  get #folder(): ReadFolder {
    if (!this.#read)
      throw new RegattaError('STATE_FAILED', 'The folder was not read yet.', {
        value: { path: this.#dir, errno: undefined },
      })
    return this.#read
  }

  async #readAgain(): Promise<void> {
    const began = this.#clock.now()
    this.#read = await readForDashboard(this.#dir, this.#clock)
    const dead = this.#read.crawls.reduce((sum, { counts }) => sum + counts.dead, 0)
    if (dead !== this.#deadCount) {
      this.#deadCount = dead
      this.#dead = new Map()
      for (const { letter } of this.#letters(undefined))
        countLetter(this.#dead, letter.reason.code, letter.reason.detail, letter.request.url)
      this.deadVersion++
    }
    const now = this.#clock.now()
    this.#dueAt = now + Math.max(readEvery, (now - began) * shareOfTime)
  }

  #letters(crawl: string | undefined) {
    return this.#folder.crawls
      .filter(({ name }) => crawl === undefined || name === crawl)
      .flatMap(({ name }) => [...readDeadLetters(this.#dir, name)].map((letter) => ({ name, letter })))
  }

  /** Newest first, those under way before all. */
  get #known(): readonly RequestLife[] {
    const now = this.#clock.now()
    if (this.#lives && now - this.#lives.at < readEvery) return this.#lives.rows
    const rows = [...readExplanations(this.#dir, this.#folder.pid !== undefined)].sort(
      (a, b) => Number(b.end === 'running') - Number(a.end === 'running') || b.begunAt - a.begunAt,
    )
    this.#lives = { at: this.#clock.now(), rows }
    return rows
  }
}

const noTags = {}
