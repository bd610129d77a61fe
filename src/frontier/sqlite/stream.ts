import type { Clock } from '../../base/clock.ts'
import { Patience } from '../../base/patience.ts'
import { messageOf, type RegattaError } from '../../contracts/errors.ts'
import type { Answer, AnswerTo, Ask, Call, CallName, Message } from './calls.ts'
import type { Channel } from './channel.ts'
import { errorOf, type Failure } from './state-failure.ts'

/**
 * Calls on their way. One message is under way at a time, and what is called meanwhile goes with the next: under load
 * batches form by themselves, and no timer is needed. What the disk refuses is sent again as it was, for two minutes; then
 * it is given up, and later refusals at once.
 */
export interface StreamOptions {
  readonly clock: Clock
  readonly channel: Channel
  /** Called once each time that writing stops for a while. */
  readonly onStalled?: ((error: Error) => void) | undefined
}

const patienceMs = 120_000
const mostWeight = 480

export class Stream {
  readonly #options: StreamOptions
  #queue: Waiting[] = []
  #isSending = false
  #messages = 0
  readonly #isRead: boolean
  readonly #patience: Patience

  /** One stream of a channel is for calls that only read, the other for those that write. */
  constructor(options: StreamOptions, { isRead }: { readonly isRead: boolean }) {
    this.#options = options
    this.#isRead = isRead
    this.#patience = new Patience(options.clock, patienceMs)
  }

  call<Name extends CallName>(name: Name, ask: Ask<Name>, weight = 1): Promise<AnswerTo<Name>> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ call: { name, ask, weight }, resolve: resolve as (value: unknown) => void, reject })
      if (!this.#isSending) void this.#send()
    })
  }

  /** What is refused from now on is given up. */
  stopRetrying(): void {
    this.#patience.end()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    await undefined // calls of the same turn come along
    while (this.#queue.length > 0) await this.#deliver(this.#next())
    this.#isSending = false
  }

  #next(): Waiting[] {
    let weight = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || weight < mostWeight)) {
      weight += this.#queue[count++]!.call.weight
    }
    return this.#queue.splice(0, count)
  }

  async #deliver(batch: readonly Waiting[]): Promise<void> {
    const { channel, onStalled } = this.#options
    let rest = batch
    for (;;) {
      const isRead = this.#isRead
      const id = this.#messages++ * 2 + (isRead ? 1 : 0)
      const answer = await this.#ask(channel, { id, isRead, calls: rest.map(({ call }) => call) })
      answerAll(rest, answer)
      const { failure } = answer
      rest = rest.slice(answer.results.length)
      if (!failure) return this.#patience.ease()
      const error = errorOf(failure)
      if (!failure.mayPass) this.#patience.spend()
      if (await this.#patience.bear(() => onStalled?.(error))) continue
      for (const { reject } of rest) reject(error)
      return
    }
  }

  /** What cannot even be sent, as a function where a request should be, is refused like a call at fault. */
  async #ask(channel: Channel, message: Message): Promise<Answer> {
    try {
      return await channel.send(message)
    } catch (error) {
      const failure: Failure = {
        code: 'INTERNAL',
        message: `The state cannot take this: ${messageOf(error)}`,
        value: undefined,
        mayPass: false,
      }
      return { id: message.id, results: message.calls.map(() => ({ failure })) }
    }
  }
}

interface Waiting {
  readonly call: Call
  resolve(value: unknown): void
  reject(error: RegattaError): void
}

function answerAll(batch: readonly Waiting[], { results }: Answer): void {
  for (const [at, result] of results.entries()) {
    if ('failure' in result) batch[at]!.reject(errorOf(result.failure satisfies Failure))
    else batch[at]!.resolve(result.value)
  }
}
