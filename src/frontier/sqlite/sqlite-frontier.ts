import type { Clock } from '../../base/clock.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'
import type {
  Claim,
  DeadLetter,
  Discovered,
  Discovery,
  Frontier,
  FrontierStats,
  HostPolicy,
  Lease,
  Recall,
  Settled,
  Settlement,
  SideStore,
  TakeOptions,
} from '../../contracts/frontier.ts'
import type { OutputLog } from '../../contracts/output-log.ts'
import { type AnswerTo, type Ask, type CallName, discoveries, readCalls } from './calls.ts'
import type { Channel } from './channel.ts'
import {
  decodeLease,
  decodeLetter,
  decodeOutput,
  encodeDiscovered,
  encodeRecall,
  encodeSettlement,
} from './codec.ts'
import { type Seal, sealFor } from './seal.ts'
import { damage, errorOf } from './state-failure.ts'
import { Stream, type StreamOptions } from './stream.ts'

/**
 * The caller's side of a frontier in a file: it encodes, cuts what is large into parts, and sends. Writes and reads go in
 * two streams, so that a take does not wait behind a long row of discoveries.
 */
export class SqliteFrontier implements Frontier {
  readonly side: SideStore
  readonly outputs: OutputLog
  readonly #clock: Clock
  readonly #channel: Channel
  readonly #path: string
  readonly #seal: Seal
  readonly #writes: Stream
  readonly #reads: Stream
  #closing: Promise<void> | undefined
  /** Calls not yet answered. */
  readonly #pending = new Set<Promise<unknown>>()

  constructor(path: string, options: StreamOptions) {
    this.#path = path
    this.#seal = sealFor(path)
    this.#clock = options.clock
    this.#channel = options.channel
    this.#writes = new Stream(options, { isRead: false })
    this.#reads = new Stream(options, { isRead: true })
    this.side = {
      put: (key, value) => this.#call('put', { key, value: value.slice() }),
      get: (key) => this.#call('get', key),
      scan: (prefix) => this.#scan(prefix),
    }
    this.outputs = {
      attach: (sinks) => this.#call('attach', [...sinks]),
      read: async (after, max) => (await this.#call('read', { after, max })).map(decodeOutput),
      begin: (sink, upto, place) => this.#call('begin', { sink, upto, place }),
      delivered: (sink, upto) => this.#call('delivered', { sink, upto }, 8),
    }
  }

  async discover(batch: readonly Discovered[]): Promise<Discovery[]> {
    const now = this.#clock.now()
    const parts = partsOf(batch, 64).map((part) =>
      this.#call('discover', encodeDiscovered(part, now, this.#seal), part.length),
    )
    const answers = await Promise.all(parts)
    return answers.flatMap((answer) => Array.from(answer, (code) => discoveries[code]!))
  }

  claim(claim: Claim): Promise<boolean> {
    return this.#call('claim', claim)
  }

  isDiscovered(page: Omit<Claim, 'by'>): Promise<boolean> {
    return this.#call('isDiscovered', page)
  }

  async take(options: TakeOptions): Promise<Lease[]> {
    const rows = await this.#call('take', options)
    try {
      return rows.map((row) => decodeLease(row, this.#seal))
    } catch (error) {
      if (error instanceof RegattaError) throw error
      throw errorOf(damage(this.#path, `a request in it cannot be read (${messageOf(error)})`))
    }
  }

  async settle(batch: readonly Settlement[]): Promise<Settled[]> {
    const wall = this.#clock.wall()
    const parts = partsOf(batch, 64).map((part) => {
      const rows = part.map(encodeSettlement)
      const weight = rows.reduce((sum, { outputs }) => sum + settleWeight + (outputs?.length ?? 0), 0)
      return this.#call('settle', { wall, rows }, weight)
    })
    return (await Promise.all(parts)).flat()
  }

  setHost(host: string, policy: HostPolicy): Promise<void> {
    return this.#call('setHost', { host, policy })
  }

  nextDue(now: number): Promise<number | undefined> {
    return this.#call('nextDue', now)
  }

  async revisit(now: number): Promise<number | undefined> {
    for (;;) {
      const { next, isAll } = await this.#call('revisit', now, 96)
      if (isAll) return next
    }
  }

  async recall(batch: readonly Recall[]): Promise<boolean[]> {
    const now = this.#clock.now()
    const parts = partsOf(batch, 64).map((part) => {
      const rows = part.map((each) => encodeRecall(each, this.#seal))
      return this.#call('recall', { now, rows }, 2 * rows.length)
    })
    return (await Promise.all(parts)).flat()
  }

  stats(): Promise<FrontierStats> {
    return this.#call('stats', this.#clock.now())
  }

  oldestDue(): Promise<number | undefined> {
    return this.#call('oldestDue', this.#clock.now())
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    const upto = await this.#call('lastLetter', undefined)
    for (let after = 0; ; ) {
      const rows = await this.#call('letters', { after, upto })
      for (const row of rows) yield decodeLetter(row, this.#seal)
      const last = rows.at(-1)
      if (!last) return
      after = last.position
    }
  }

  async revive(ids?: readonly string[]): Promise<number> {
    const now = this.#clock.now()
    const upto = await this.#call('lastLetter', undefined)
    let count = 0
    if (ids) {
      for (const part of partsOf(ids, 96)) {
        const { revived } = await this.#call('revive', { now, ids: part, after: 0, upto }, part.length)
        count += revived
      }
      return count
    }
    for (let after = 0; ; ) {
      const page = await this.#call('revive', { now, after, upto }, 96)
      count += page.revived
      if (page.isAll) return count
      after = page.after
    }
  }

  flush(): Promise<void> {
    return this.#call('flush', undefined)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** What the disk refuses from now on is given up at once: what was not settled is due again at the next opening. */
  stopRetrying(): void {
    this.#writes.stopRetrying()
    this.#reads.stopRetrying()
  }

  async #close(): Promise<void> {
    this.stopRetrying()
    await Promise.allSettled(this.#pending)
    await this.#channel.close()
  }

  async *#scan(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    for (let after: string | undefined; ; ) {
      const { rows, isLast } = await this.#call('scan', { prefix, after })
      yield* rows
      if (isLast) return
      after = rows.at(-1)![0]
    }
  }

  #call<Name extends CallName>(name: Name, ask: Ask<Name>, weight = 1): Promise<AnswerTo<Name>> {
    if (this.#closing) {
      const message = `The frontier ${this.#path} is closed. Open it again to go on.`
      return Promise.reject(new RegattaError('STOPPED', message))
    }
    const answer = (readCalls.has(name) ? this.#reads : this.#writes).call(name, ask, weight)
    this.#pending.add(answer)
    const forget = () => this.#pending.delete(answer)
    answer.then(forget, forget)
    return answer
  }
}

/** Nearly each settlement changes a page of its own; of three links that a page yields one does. */
const settleWeight = 3

function partsOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (items.length <= size) return items.length === 0 ? [] : [items]
  const parts: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size))
  return parts
}
