import type { Socket } from 'node:net'
import { pickIndex } from '../../base/random.ts'
import { drawLatency } from '../latency-distribution.ts'
import type { Asked } from '../lies/liar.ts'
import { headerOf } from '../origin/origin-exchange.ts'
import type { Fault } from './behaviour.ts'
import type { Client } from './client.ts'
import { Outflow } from './outflow.ts'
import type { Passage } from './passage.ts'
import { type Tampering, tamper } from './tamper.ts'
import { WholeResponse } from './whole-response.ts'

/**
 * Two sockets and what lies between them. An honest proxy copies: one write for one read, nothing allocated. Everything
 * else happens per exchange, which begins with the first client bytes after an answer: its latency is drawn, its fate is
 * decided, and what comes back goes through an Outflow. Inside TLS a proxy sees no responses, only bytes: there, body
 * faults strike after 8 KiB from the origin, and nothing can be injected.
 */
interface Plan {
  /** Clock time of the first byte of the answer. */
  readonly due: number
  readonly slice: number
  readonly everyMs: number
  readonly fate: Tampering | undefined
  readonly reader: WholeResponse | undefined
}

const opaqueGrace = 8_192
const queueLimit = 1024 * 1024
const bodyFaults = new Set(['reset-mid-body', 'truncate', 'trickle', 'swap', 'inject', 'garble', 'lie'])
/** What a proxy can only do where it sees responses. */
export const plainOnly: ReadonlySet<string> = new Set(['swap', 'inject', 'garble', 'lie'])
const nothing = Buffer.alloc(0)

export function isBodyFault(fault: Fault | undefined): boolean {
  return fault !== undefined && bodyFaults.has(fault.kind)
}

export class Tunnel {
  #client: Client
  #upstream: Socket
  #passage: Passage
  #waiting = false
  #isOpaque: boolean | undefined
  #opaqueBytes = 0
  #plan: Plan | undefined
  #outflow: Outflow
  #left = false

  constructor(client: Client, upstream: Socket, passage: Passage) {
    this.#client = client
    this.#upstream = upstream
    this.#passage = passage
    this.#outflow = new Outflow(client.socket, passage.resources, () => {
      if (!client.socket.writableNeedDrain) upstream.resume()
    })
    upstream.on('data', (chunk: Buffer) => this.#fromUpstream(chunk))
    upstream.on('end', () => this.#upstreamEnds())
    upstream.on('drain', () => client.socket.resume())
    upstream.on('error', () => {
      if (!this.#left) client.socket.resetAndDestroy()
    })
    client.socket.on('drain', this.#drained)
    client.socket.on('close', this.#closed)
  }

  /** Copies from the client from here on. */
  join(): void {
    this.#client.stream((chunk) => this.fromClient(chunk))
  }

  /** Gives up the upstream; the client goes on elsewhere. */
  leave(): void {
    this.#left = true
    this.#client.socket.off('drain', this.#drained)
    this.#client.socket.off('close', this.#closed)
    this.#closed()
  }

  fromClient(chunk: Buffer): void {
    if (!this.#waiting) {
      this.#waiting = true
      this.#passage.countRequest()
      if (!this.#passage.shapesRequests) this.#plan = undefined
      else if (!this.#begin(chunk)) return
    }
    if (!this.#upstream.write(chunk)) this.#client.socket.pause()
  }

  #drained = () => {
    if (this.#outflow.queued < queueLimit) this.#upstream.resume()
  }

  #closed = () => {
    if (this.#waiting) this.#passage.countAnswer()
    this.#waiting = false
    this.#outflow.stop()
    this.#upstream.destroy()
  }

  /** False when this exchange ends here. */
  #begin(chunk: Buffer): boolean {
    const { behaviour, random, resources } = this.#passage
    const wait = behaviour.latency ? drawLatency(behaviour.latency, random) : 0
    const due = wait > 0 ? resources.clock.now() + wait : 0
    const rate = behaviour.bandwidth
    const slice = rate === undefined ? 0 : Math.max(1, Math.floor(rate / 20))
    const everyMs = rate === undefined ? 0 : (slice * 1_000) / rate
    this.#isOpaque ??= chunk[0] === 0x16
    const fate = this.#fate(chunk)
    if (fate) this.#passage.countFault()
    if (fate === 'reset') {
      this.#outflow.push({ bytes: nothing, due, slice: 0, everyMs: 0, after: 'reset' })
      return false
    }
    const reader =
      fate && !this.#isOpaque ? new WholeResponse(chunk.toString('latin1', 0, 5) === 'HEAD ') : undefined
    this.#plan = { due, slice, everyMs, fate, reader }
    return true
  }

  #fate(request: Buffer): Tampering | 'reset' | undefined {
    const { flaky, fault } = this.#passage.behaviour
    const { random, liar, resources } = this.#passage
    if (flaky && flaky.request > 0 && random() < flaky.request) {
      const failure = flaky.failures[pickIndex(random, flaky.failures.length)]
      return failure === 'mid-body' && !this.#isOpaque ? { kind: 'cut' } : 'reset'
    }
    if (!fault || !isBodyFault(fault)) return undefined
    if (fault.kind === 'inject' && fault.share < 1 && random() >= fault.share) return undefined
    if (fault.kind !== 'lie') return fault
    const lie = this.#isOpaque ? undefined : liar.plan(fault, askedIn(request), resources.elapsed())
    return lie && { kind: 'told', lie }
  }

  #fromUpstream(chunk: Buffer): void {
    if (this.#waiting) {
      this.#waiting = false
      this.#passage.countAnswer()
    }
    const plan = this.#plan
    if (!plan && this.#outflow.isIdle) {
      if (!this.#client.socket.write(chunk)) this.#upstream.pause()
      return
    }
    if (plan?.reader) {
      const whole = plan.reader.add(chunk)
      if (whole) this.#deliver(plan, whole)
    } else if (plan?.fate && this.#isOpaque) this.#deliverOpaque(plan, plan.fate, chunk)
    else this.#push(plan, chunk)
    if (this.#outflow.queued > queueLimit) this.#upstream.pause()
  }

  #push(plan: Plan | undefined, bytes: Buffer, after?: 'reset' | 'end'): void {
    const parcel = { bytes, due: plan?.due ?? 0, slice: plan?.slice ?? 0, everyMs: plan?.everyMs ?? 0 }
    this.#outflow.push(after ? { ...parcel, after } : parcel)
  }

  #deliver(plan: Plan, response: Buffer): void {
    this.#plan = undefined
    const { head, body, after } = tamper(plan.fate!, response, this.#passage.lastResponse)
    if (plan.fate!.kind === 'swap') this.#passage.lastResponse = response
    if (plan.fate!.kind === 'trickle') {
      this.#push(plan, head)
      this.#outflow.push({ bytes: body, due: plan.due, slice: 1, everyMs: 1_000 })
    } else this.#push(plan, Buffer.concat([head, body]), after)
  }

  #deliverOpaque(plan: Plan, fate: Tampering, chunk: Buffer): void {
    this.#opaqueBytes += chunk.length
    if (this.#opaqueBytes <= opaqueGrace) this.#push(plan, chunk)
    else if (fate.kind === 'trickle')
      this.#outflow.push({ bytes: chunk, due: plan.due, slice: 1, everyMs: 1_000 })
    else if (plainOnly.has(fate.kind)) this.#push(plan, chunk)
    else this.#push(plan, chunk.subarray(0, chunk.length >> 1), fate.kind === 'truncate' ? 'end' : 'reset')
  }

  #upstreamEnds(): void {
    if (this.#left) return
    const rest = this.#plan?.reader?.rest()
    if (this.#plan && rest && rest.length > 0) this.#deliver(this.#plan, rest)
    this.#outflow.end()
  }
}

/** Of the head of a request in origin form. */
function askedIn(request: Buffer): Asked {
  const head = request.toString('latin1')
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ')
  return { method, path, host: (headerOf(head, 'host') ?? '').replace(/:\d+$/, '') }
}
