import type { ServerResponse } from 'node:http'
import { ifStillAliveAfter } from '../base/clock.ts'
import type { DashboardView } from './dashboard-view.ts'
import { type Overview, protocolVersion, type Transition } from './protocol.ts'
import { ProxyMirror } from './proxy-mirror.ts'
import { frame, StreamClient } from './stream-client.ts'

/**
 * The stream: once a second what has changed is put into words once, for all pages that listen. Nothing is computed while
 * nobody does. The beat is the machine's own and not the crawler's clock, because pages live in real time.
 */
const beatMs = 1_000
const mostTransitions = 20
/** Rows of the series that are sent each second: one that goes on, and those just before it. */
const rowsAgain = 3

export class Broadcast {
  readonly clients = new Set<StreamClient>()
  readonly mirror = new ProxyMirror()
  readonly #view: DashboardView
  readonly #clock: { now(): number; wall(): number }
  readonly #stopListening: () => void
  readonly #elsewhere: (() => Promise<unknown>) | undefined
  #saidSoon = 0
  #hosts = ''
  #deadVersion = -1
  #isBeating = false
  #isClosed = false

  /** `elsewhere` finds another dashboard that knows more: the pages are sent away as soon as there is one, and it is theirs when they come back. */
  constructor(
    view: DashboardView,
    clock: { now(): number; wall(): number },
    elsewhere?: () => Promise<unknown>,
  ) {
    this.#view = view
    this.#elsewhere = elsewhere
    this.#clock = clock
    this.#stopListening = view.onTransition((transition) => this.#moved(transition))
  }

  /** One more page listens, and is told everything at once. */
  async join(response: ServerResponse): Promise<void> {
    const client = new StreamClient(response)
    this.clients.add(client)
    response.on('close', () => this.clients.delete(client))
    response.on('error', () => response.destroy())
    if (this.clients.size === 1) {
      this.#deadVersion = this.#view.deadVersion
      await this.#view.refresh?.()
      this.mirror.read((tell) => this.#view.eachProxy(tell))
      // What the mirror has missed while nobody looked comes with the whole.
      while (typeof this.mirror.delta(0) === 'object') {}
      // One that came in the meantime was told what was before.
      for (const other of this.clients) other.isBehind = true
    }
    client.tell('hello', {
      version: protocolVersion,
      source: this.#view.source,
      at: this.#clock.wall(),
      can: this.#view.can,
    })
    await this.#tellAll(client)
    this.#beat()
  }

  close(reason: string): void {
    this.#isClosed = true
    this.#stopListening()
    for (const client of this.clients) client.end(reason)
    this.clients.clear()
  }

  /** The overview with rows of the series from this one on; below 0: so many of the last ones. */
  overview(from: number): Overview {
    return { ...this.#view.overview(), can: this.#view.can, series: this.#view.series(from) }
  }

  #beat(): void {
    if (this.#isBeating || this.#isClosed) return
    this.#isBeating = true
    ifStillAliveAfter(beatMs, () => {
      this.#isBeating = false
      if (this.clients.size === 0 || this.#isClosed) return
      // What goes wrong in one second must not end the stream.
      this.#tell().then(
        () => this.#beat(),
        () => this.#beat(),
      )
    })
  }

  async #tell(): Promise<void> {
    if (await this.#elsewhere?.()) {
      for (const client of this.clients) client.leave()
      return
    }
    const view = this.#view
    await view.refresh?.()
    this.mirror.read((tell) => view.eachProxy(tell))
    const delta = this.mirror.delta(this.#clock.wall())
    const hosts = view.hosts()
    const hostRows = JSON.stringify([hosts.rows, hosts.more])
    const hasDead = view.deadVersion !== this.#deadVersion
    this.#deadVersion = view.deadVersion
    const overview = this.overview(-rowsAgain)
    const { spanMs } = overview.series
    const parts = [
      frame('overview', overview),
      hostRows === this.#hosts ? '' : frame('hosts', hosts),
      delta === undefined || delta === 'anew' ? '' : frame('proxies', delta),
      hasDead ? frame('dead', await view.deadGroups()) : '',
    ]
    this.#hosts = hostRows
    this.#saidSoon = 0
    const news = parts.join('')
    for (const client of this.clients) {
      if (!client.isReady) continue
      const isAnew = client.isBehind || delta === 'anew' || client.spanMs !== spanMs
      if (isAnew) await this.#tellAll(client)
      else client.write(news)
    }
  }

  async #tellAll(client: StreamClient): Promise<void> {
    const overview = this.overview(0)
    client.spanMs = overview.series.spanMs
    client.isBehind = false
    client.tell('overview', overview)
    client.tell('hosts', this.#view.hosts())
    client.tell('proxies', this.mirror.whole(this.#clock.wall()))
    client.tell('dead', await this.#view.deadGroups())
  }

  /** At once, so that a dot changes when it happens; in a storm only the first ones. */
  #moved(transition: Transition): void {
    if (this.clients.size === 0 || this.#saidSoon++ >= mostTransitions) return
    const text = frame('transition', transition)
    for (const client of this.clients) if (!client.isBehind) client.write(text)
  }
}
