import type { CrawlOptions } from '../contracts/crawl.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { DeadReason, Frontier, Lease, ResponseHead, Settled, Settlement } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { digestOfBody } from '../contracts/response-body.ts'
import type { SinkRecord } from '../contracts/sink.ts'
import type { Output, Source, SourceContext } from '../contracts/source.ts'
import { headOf } from '../race/heads.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'
import type { Outbox } from '../sink/outbox.ts'
import { createPage } from '../source/page.ts'
import type { Counting } from './counts.ts'
import type { Door, DoorVisit } from './door.ts'
import { isUnchanged, memoOf } from './visit.ts'
import type { CrawlWorld } from './world.ts'

/**
 * What a request brings home, and how it ends. The order loses nothing: its links are in the frontier before it is done,
 * and its outputs are safe in the same moment as its end (a frontier with a log) or before it (one without, where they
 * must be safe in every sink). Whatever dies in the middle leaves the request where it was.
 */
export interface HarvestParts {
  readonly world: CrawlWorld
  readonly crawl: string
  readonly source: Source
  readonly params: unknown
  readonly context: SourceContext
  readonly options: CrawlOptions
  readonly frontier: Frontier
  readonly outbox: Outbox
  readonly latency: LatencyHistogram
  readonly counting: Counting
  readonly door: Door
  /** So many requests were added. */
  planted(added: number): void
  /** A request has ended for good. */
  ended(isPage: boolean): void
  isAborted(): boolean
  /** A sink is gone: the crawl cannot go on. */
  failed(error: unknown): void
}

type End = Extract<Settlement, { kind: 'done' | 'dead' }>
type NextVisit = Pick<Extract<Settlement, { kind: 'done' }>, 'next' | 'memo'>

export interface Answer {
  readonly response: HttpResponse
  /** Label of the proxy that brought it, or `cache`. */
  readonly via: string
  readonly attempts: number
  /** Wall-clock milliseconds. */
  readonly fetchedAt: number
  /** Of the verdict. */
  readonly reason?: string
}

export class Harvest {
  readonly #parts: HarvestParts

  constructor(parts: HarvestParts) {
    this.#parts = parts
  }

  /** From the end of a task to the settlement. Rejects when the outputs or the end cannot be kept. */
  async bring(lease: Lease, result: TaskResult): Promise<void> {
    if (!result.ok) return this.#failed(lease, result)
    const { latency, world, options } = this.#parts
    const { response, proxy: via, attempts, verdict } = result
    latency.record(result.elapsedMs)
    try {
      await options.cache?.put(lease.request, response)
      const { reason } = verdict
      await this.judge(lease, { response, via, attempts, reason, fetchedAt: world.clock.wall() })
    } finally {
      await response.file?.remove()
    }
  }

  /** From the answer to the settlement. */
  async judge(lease: Lease, answer: Answer): Promise<void> {
    const { source, options, world } = this.#parts
    const { response, via, fetchedAt } = answer
    const { status } = response
    if (status >= 400 && !source.parsesErrors) {
      const { reason = `status-${status}` } = answer
      const heads = [headOf(response, via, reason, fetchedAt)]
      return this.bury(lease, { code: reason, detail: `the page answered ${status}` }, { heads })
    }
    const digest = digestOfBody(response)
    if (!options.revisit) return this.#parse(lease, answer, digest, {})
    const memo = memoOf(response, digest, lease.memo, fetchedAt)
    const next = { next: world.clock.now() + options.revisit.after, memo }
    if (!isUnchanged(memo, lease.memo)) return this.#parse(lease, answer, digest, next)
    await this.#end({ lease, kind: 'done', ...next, tally: { pages: 1, unchanged: 1 } }, [])
  }

  /** Parses the page, and ends its request with what it yielded. */
  async #parse(lease: Lease, answer: Answer, digest: string, next: NextVisit): Promise<void> {
    const { source, params, context, door } = this.#parts
    const { request, memo: previous } = lease
    const { response, via, attempts, fetchedAt } = answer
    const page = createPage({ source, request, params, response, via, attempts, fetchedAt, previous })
    const records: SinkRecord[] = []
    const visit = door.visit(lease, { url: page.url, digest })
    try {
      for await (const output of source.parse(page, context)) {
        if (output !== undefined) await this.#collect(output, lease, visit, records)
      }
    } catch (error) {
      if (this.#parts.isAborted()) return this.release(lease)
      if (isOurs(error)) throw error
      return this.bury(lease, parseFailure(error, source.name), { outputs: records })
    }
    visit.end(records.length, () => page.text())
    const items = records.filter(({ kind }) => kind === 'item').length
    const tally = { pages: 1, items, edges: records.length - items }
    await this.#end({ lease, kind: 'done', ...next, tally }, records)
  }

  async release(lease: Lease): Promise<void> {
    await this.#parts.frontier.settle([{ lease, kind: 'release' }])
  }

  async retry(lease: Lease, notBefore: number): Promise<void> {
    await this.#parts.frontier.settle([{ lease, kind: 'retry', notBefore, targetFault: false }])
  }

  /** It is not wanted: neither a page nor a failure. */
  async skip(lease: Lease, reason: string): Promise<void> {
    this.#parts.context.log(`skipped ${lease.request.url}: ${reason}`)
    await this.#end({ lease, kind: 'done', tally: { skipped: 1 } }, [])
  }

  async bury(
    lease: Lease,
    reason: DeadReason,
    found: { heads?: readonly ResponseHead[]; outputs?: readonly SinkRecord[] } = {},
  ): Promise<void> {
    const { heads = [], outputs = [] } = found
    const items = outputs.filter(({ kind }) => kind === 'item').length
    const tally = { failed: 1, items, edges: outputs.length - items }
    if (!(await this.#end({ lease, kind: 'dead', reason, heads, tally }, outputs))) return
    const { id, url } = lease.request
    this.#parts.world.emit('request.dead', { request: id, url, ...reason })
  }

  /** False where it has not ended: the lease was lost, and its request comes again; or it was buried instead. */
  async #end(settlement: End, records: readonly SinkRecord[]): Promise<boolean> {
    const { frontier, outbox, counting } = this.#parts
    if (frontier.outputs === undefined) {
      await outbox.push(records)
      const [settled] = await frontier.settle([settlement])
      if (settled === 'stale') return false
      this.#tell(records)
    } else {
      const outputs = outbox.isEmpty ? [] : records
      const position = await this.#keep(settlement, outputs)
      if (position === 'stale' || position === 'unkept') return false
      outbox.push(outputs, position).then(
        () => this.#tell(records),
        (error: unknown) => this.#unwritten(settlement.lease, error),
      )
    }
    counting.add(settlement.tally ?? {})
    this.#parts.ended((settlement.tally?.pages ?? 0) > 0)
    return true
  }

  /** The log's position of the last output. What cannot be kept ends its request. */
  async #keep(settlement: End, outputs: readonly SinkRecord[]): Promise<Settled | 'unkept'> {
    try {
      const [position] = await this.#parts.frontier.settle([{ ...settlement, outputs }])
      return position
    } catch (error) {
      if (!(error instanceof RegattaError) || error.code !== 'ITEM_INVALID' || outputs.length === 0)
        throw error
      await this.bury(settlement.lease, { code: 'item-invalid', detail: error.message })
      return 'unkept'
    }
  }

  #tell(records: readonly SinkRecord[]): void {
    for (const { kind, value, request, source } of records) {
      if (kind === 'item') this.#parts.world.emit('item', { source, request, value })
    }
  }

  /** A sink that is gone fails the crawl, and the log keeps everything; a record it can never take is told. */
  #unwritten({ request }: Lease, error: unknown): void {
    const { world, failed } = this.#parts
    if (error instanceof RegattaError && error.code === 'ITEM_INVALID') {
      world.emit('alert', { code: 'ITEM_INVALID', message: `${error.message} (${request.url})` })
    } else if (!this.#parts.isAborted()) failed(error)
  }

  async #collect(output: Output, lease: Lease, visit: DoorVisit, records: SinkRecord[]): Promise<void> {
    if (output.kind === 'requests') {
      this.#parts.planted(await visit.follow(output.requests))
      return
    }
    const { kind, value } = output
    const source = this.#parts.source.name
    records.push({ kind, request: lease.request.id, index: records.length, source, value })
  }

  async #failed(lease: Lease, result: TaskResult & { ok: false }): Promise<void> {
    const { reason, detail, heads } = result
    if (reason === 'aborted' || reason === 'stopped' || reason === 'yielded') return this.release(lease)
    // Its proxy is gone: the next try binds the session to another one. Bounded, because a list may be all dead.
    if (reason === 'session-lost' && lease.attempts < 20) {
      return this.retry(lease, this.#parts.world.clock.now() + 250)
    }
    const { revisit } = this.#parts.options
    if (!revisit || lease.memo === undefined) return this.bury(lease, { code: reason, detail }, { heads })
    // It was there before, and this is no answer of its own: it is visited again in its turn.
    this.#parts.context.log(`not visited this time ${lease.request.url}: ${detail} (${reason})`)
    const next = this.#parts.world.clock.now() + revisit.after
    await this.#end({ lease, kind: 'done', next, memo: lease.memo, tally: { failed: 1 } }, [])
  }
}

/** The disk is full, or the state is closed: not the page's doing. */
function isOurs(error: unknown): boolean {
  if (!(error instanceof RegattaError)) return false
  return error.code === 'SINK_FAILED' || error.code === 'STOPPED' || error.code.startsWith('STATE_')
}

function parseFailure(error: unknown, source: string): DeadReason {
  if (error instanceof RegattaError && error.code === 'ITEM_INVALID')
    return { code: 'item-invalid', detail: error.message }
  return { code: 'source-failed', detail: `parse() of source "${source}" failed: ${messageOf(error)}` }
}
