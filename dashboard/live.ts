import {
  type Action,
  type ActionAnswer,
  type ActionKind,
  type Bye,
  type DeadGroups,
  type Failure,
  type Hello,
  type HostTable,
  type Overview,
  type ProxyColumns,
  type ProxyDelta,
  protocolVersion,
  type SavedPage,
  type Series,
  type Transition,
} from '../src/dashboard/protocol.ts'
import { readEvents } from './event-stream.ts'
import { Fleet } from './fleet.ts'
import { joinSeries } from './series.ts'
import { Topic } from './topic.ts'

/**
 * What the page knows: the last word of the stream on each subject, and where the rest can be asked for. A lost connection
 * changes nothing that is shown; it is said, and tried again.
 */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly retryAt: number }
  /** The server has said why it ends. */
  | { readonly state: 'closed'; readonly reason: string }
  /** The server does not talk to this page: another try would change nothing. */
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'saved'; readonly savedAt: number }

/** Silence after which a connection counts as lost: the server says something every second, unless a folder takes long to read. */
const silenceMs = 40_000
const retriesMs = [500, 1_000, 2_000, 4_000, 8_000]
const keptTransitions = 40

export class Live {
  readonly connection = new Topic<Connection>({ state: 'connecting' })
  readonly overview = new Topic<Overview | undefined>(undefined)
  readonly series = new Topic<Series | undefined>(undefined)
  readonly hosts = new Topic<HostTable | undefined>(undefined)
  readonly dead = new Topic<DeadGroups | undefined>(undefined)
  /** Grows when `fleet` has changed; 0 before it has come. */
  readonly fleetVersion = new Topic(0)
  readonly fleet = new Fleet()
  /** Newest first. */
  readonly transitions = new Topic<readonly Transition[]>([])
  /** What the last action came to, for people. */
  readonly notice = new Topic<{ readonly text: string; readonly isFailure: boolean } | undefined>(undefined)
  readonly saved: SavedPage | undefined
  readonly #token: string
  #source: Hello['source'] = 'live'
  #skewMs = 0
  #tries = 0
  #cancelWait: () => void = () => {}

  constructor(token: string, saved: SavedPage | undefined) {
    this.#token = token
    this.saved = saved
    if (!saved) return
    this.connection.set({ state: 'saved', savedAt: saved.savedAt })
    this.overview.set(saved.overview)
    this.series.set(saved.overview.series)
    this.hosts.set(saved.hosts)
    this.dead.set(saved.dead)
    this.fleet.apply(saved.proxies)
    this.fleetVersion.set(1)
  }

  /** The server's wall clock; the moment of saving, of a saved page. */
  now(): number {
    return this.saved?.savedAt ?? Date.now() + this.#skewMs
  }

  /** Follows the stream, and comes back to it when it breaks, until the server says goodbye. */
  async follow(): Promise<void> {
    while (!this.saved) {
      await this.#followOnce()
      const { state } = this.connection.value
      if (state === 'closed' || state === 'refused') return
      const waitMs = retriesMs[Math.min(this.#tries++, retriesMs.length - 1)]!
      this.connection.set({ state: 'lost', retryAt: Date.now() + waitMs })
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        this.#cancelWait = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Does not wait for the next try; begins anew where there was to be none. */
  retryNow(): void {
    const { state } = this.connection.value
    if (state === 'lost') this.#cancelWait()
    if (state !== 'closed' && state !== 'refused') return
    this.connection.set({ state: 'connecting' })
    void this.follow()
  }

  async #followOnce(): Promise<void> {
    const stop = new AbortController()
    let timer = setTimeout(() => stop.abort(), silenceMs)
    try {
      const response = await fetch('api/stream', { headers: this.#headers(), signal: stop.signal })
      if (!response.ok || !response.body) {
        const { sentence } = await failureOf(response)
        if (response.status === 401 || response.status === 403 || response.status === 421)
          this.connection.set({ state: 'refused', reason: sentence })
        return
      }
      await readEvents(
        response.body,
        (event, data) => this.#hear(event, data),
        () => {
          clearTimeout(timer)
          timer = setTimeout(() => stop.abort(), silenceMs)
        },
      )
    } catch {
      // Nobody answers, or the connection broke: the loop around this tries again.
    } finally {
      clearTimeout(timer)
      stop.abort()
    }
  }

  #hear(event: string, data: string): void {
    const message: unknown = JSON.parse(data)
    switch (event) {
      case 'hello': {
        const { version, source, at } = message as Hello
        if (version !== protocolVersion) return location.reload()
        this.#source = source
        this.#skewMs = at - Date.now()
        this.#tries = 0
        return this.connection.set({ state: 'live' })
      }
      case 'overview': {
        const overview = message as Overview
        this.overview.set(overview)
        return this.series.set(joinSeries(this.series.value, overview.series))
      }
      case 'hosts':
        return this.hosts.set(message as HostTable)
      case 'dead':
        return this.dead.set(message as DeadGroups)
      case 'proxies':
        this.fleet.apply(message as ProxyColumns | ProxyDelta)
        return this.fleetVersion.set(this.fleetVersion.value + 1)
      case 'transition':
        return this.transitions.set(
          [message as Transition, ...this.transitions.value].slice(0, keptTransitions),
        )
      case 'bye':
        return this.connection.set({ state: 'closed', reason: (message as Bye).reason })
    }
  }

  /** What an address of the API answers. Throws an Error with a sentence for people. */
  async ask<Answer>(path: string, query: Readonly<Record<string, string>>): Promise<Answer> {
    let response: Response
    try {
      response = await fetch(`api/${path}?${new URLSearchParams(query)}`, { headers: this.#headers() })
    } catch {
      throw new Error('The crawler does not answer.')
    }
    if (!response.ok) throw new Error((await failureOf(response)).sentence)
    return (await response.json()) as Answer
  }

  /** Whether it was done. What came of it is told as a notice. */
  async act(action: Action): Promise<boolean> {
    let answer: ActionAnswer | Failure
    try {
      const response = await fetch('api/action', {
        method: 'POST',
        headers: { ...this.#headers(), 'content-type': 'application/json' },
        body: JSON.stringify(action),
      })
      answer = response.ok ? ((await response.json()) as ActionAnswer) : await failureOf(response)
    } catch {
      answer = { ok: false, code: 'UNAVAILABLE', sentence: 'The crawler does not answer.' }
    }
    this.notice.set({ text: answer.sentence, isFailure: !answer.ok })
    return answer.ok
  }

  /** The page with all it shows, as a file. Throws an Error with a sentence for people. */
  async report(): Promise<Blob> {
    const response = await fetch('api/report', { headers: this.#headers() })
    if (!response.ok) throw new Error((await failureOf(response)).sentence)
    return response.blob()
  }

  /** Why an action cannot be done now, as a sentence; undefined where it can. */
  reasonAgainst(kind: ActionKind): string | undefined {
    const { state } = this.connection.value
    if (state === 'saved') return 'This is a saved report: nothing can be changed from it.'
    if (state !== 'live') return 'The crawler cannot be reached.'
    const overview = this.overview.value
    if (!overview) return 'Nothing is known of the crawler yet.'
    if (overview.can.includes(kind)) return undefined
    if (this.#source === 'folder')
      return 'No running process holds this crawl: it can be read, and not changed.'
    if (overview.state === 'ended' || overview.state === 'failed') return 'The crawler has ended.'
    return kind === 'drain' && overview.state === 'draining'
      ? 'It is drained already.'
      : 'This cannot be done now.'
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` }
  }
}

async function failureOf(response: Response): Promise<Failure> {
  try {
    return (await response.json()) as Failure
  } catch {
    return { ok: false, code: 'UNAVAILABLE', sentence: `The crawler answers ${response.status}.` }
  }
}
