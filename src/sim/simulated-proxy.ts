import { createRandom, pickIndex, type Random } from '../base/random.ts'
import type { FaultCause, Phase } from '../contracts/outcome.ts'
import type { ProxyRole } from '../lab/cast.ts'
import { drawLatency } from '../lab/latency-distribution.ts'
import { type Asked, Liar, type LiarsWorld } from '../lab/lies/liar.ts'
import type { Behaviour } from '../lab/proxy/behaviour.ts'
import type { Tampering } from '../lab/proxy/tamper.ts'
import { isBodyFault } from '../lab/proxy/tunnel.ts'
import type { Timeouts } from '../options/options.ts'
import { connectFailure } from '../transport/connect-reply.ts'
import { limitOf, silenceIn } from '../transport/limits.ts'
import { socksFailure } from '../transport/socks.ts'

/**
 * A proxy on virtual time: the lab's behaviours, each with the fault that a client meets and the time it takes to meet
 * it. A packet takes half a millisecond, a dial and a handshake one each, as on loopback.
 */
export interface Broken {
  readonly afterMs: number
  readonly phase: Phase
  readonly cause: FaultCause
  readonly code?: number
}

/** Nothing comes in a phase that begins after `beforeMs`. */
export function silent(phase: Phase, timeouts: Timeouts, beforeMs = 0): Broken {
  const { cause } = silenceIn(phase, timeouts)
  return { afterMs: beforeMs + limitOf(phase, timeouts), phase, cause }
}

export type Fate = Tampering | 'reset' | undefined

const roundTrip = 1

export class SimulatedProxy {
  readonly role: ProxyRole
  readonly exitIp: string
  readonly url: string
  behaviour: Behaviour
  /** Requests under way. */
  running = 0
  lastResponse: Buffer | undefined
  readonly #random: Random
  readonly #liar: Liar
  readonly #idle = new Map<string, number[]>()
  #changedAt = 0

  constructor(role: ProxyRole, exitIp: string, url: string, liars: LiarsWorld) {
    this.role = role
    this.exitIp = exitIp
    this.url = url
    this.behaviour = role.behaviour
    this.#random = createRandom(role.luck)
    this.#liar = new Liar(role.name, liars)
  }

  change(behaviour: Behaviour, now: number): void {
    this.behaviour = behaviour
    this.#changedAt = now
    if (behaviour.fault?.kind === 'dead') this.#idle.clear()
  }

  /** Whether its port is open at this moment. */
  listens(now: number): boolean {
    const { fault, flapping } = this.behaviour
    if (fault?.kind === 'dead') return false
    if (!flapping) return true
    return (now - this.#changedAt) % (flapping.upMs + flapping.downMs) < flapping.upMs
  }

  get speaksHttp(): boolean {
    const { protocol } = this.role.script
    return protocol === 'http' || protocol === 'https'
  }

  /** A kept-alive connection to this target, taken; its number, or undefined. */
  reuse(key: string, now: number, idleMax: number): boolean {
    const idle = this.#idle.get(key)
    while (idle && idle.length > 0) if (now - idle.pop()! <= idleMax) return true
    return false
  }

  keep(key: string, now: number): void {
    const idle = this.#idle.get(key)
    if (idle) idle.push(now)
    else this.#idle.set(key, [now])
  }

  /** The target closed its port: what was kept to it is gone. */
  drop(host: string): void {
    for (const key of this.#idle.keys()) if (key.startsWith(host)) this.#idle.delete(key)
  }

  /** Milliseconds that dial and handshake take. */
  get connectMs(): number {
    const { handshakeLatency } = this.behaviour
    const replies = this.role.script.protocol === 'socks5' ? 2 : 1
    let total = 2 * roundTrip
    if (handshakeLatency)
      for (let n = 0; n < replies; n++) total += drawLatency(handshakeLatency, this.#random)
    return total
  }

  /** How a new connection fails, or undefined when it stands. */
  breaksConnection(now: number, timeouts: Timeouts, isTunnel: boolean): Broken | undefined {
    const { fault, flaky, maxConnections } = this.behaviour
    if (!this.listens(now)) return { afterMs: roundTrip, phase: 'dial', cause: 'dial-refused' }
    if (maxConnections !== undefined && this.running > maxConnections) {
      return { afterMs: roundTrip, phase: 'handshake', cause: 'handshake-closed' }
    }
    const handshake = (cause: FaultCause, code?: number): Broken => ({
      afterMs: this.connectMs,
      phase: 'handshake',
      cause,
      ...(code !== undefined && { code }),
    })
    const refused = (code: number, status: number, headers: Record<string, string> = {}): Broken => {
      const failure = this.speaksHttp
        ? connectFailure(status, new Map(Object.entries(headers)), 0)
        : socksFailure(code)
      return handshake(failure.cause, failure.code)
    }
    switch (fault?.kind) {
      case 'syn-drop':
        return silent('dial', timeouts)
      case 'blackhole':
      case 'greeting-then-silent':
        return isTunnel || !this.speaksHttp
          ? silent('handshake', timeouts, roundTrip)
          : silent('headers', timeouts, roundTrip)
      case 'wrong-protocol':
      case 'chatty-connect':
        return handshake(fault.kind === 'wrong-protocol' ? 'handshake-garbage' : 'connect-injected')
      case 'truncated-reply':
        return handshake('handshake-closed')
      case 'bad-auth':
        return handshake('proxy-auth', this.speaksHttp ? 407 : 0xff)
      case 'quota':
        return refused(1, 402)
      case 'busy':
        return refused(1, 429, { 'retry-after': '1' })
      case 'ruleset-denied':
        return refused(2, 403, { 'proxy-status': 'lab; error=http_request_denied' })
      case 'fake-connect':
        return refused(2, 403)
      case 'refuse':
        return refused(fault.code, fault.status, fault.headers)
    }
    if (flaky && flaky.tunnel > 0 && this.#random() < flaky.tunnel) {
      return flaky.failures[pickIndex(this.#random, flaky.failures.length)] === 'general-failure'
        ? refused(1, 502)
        : handshake('handshake-closed')
    }
    return undefined
  }

  /** How a target that refuses is reported. */
  reportRefused(): Broken {
    const failure = this.speaksHttp
      ? connectFailure(502, new Map([['proxy-status', 'lab; error=connection_refused']]), 0)
      : socksFailure(5)
    return {
      afterMs: this.connectMs,
      phase: 'handshake',
      cause: failure.cause,
      ...(failure.code !== undefined && { code: failure.code }),
    }
  }

  /** Milliseconds that it keeps the first byte of this answer back. */
  drawLatency(): number {
    const { latency } = this.behaviour
    return latency ? drawLatency(latency, this.#random) : 0
  }

  /** What it does to the answer to this request; `atMs`: the world's time. */
  drawFate(isOpaque: boolean, asked: Asked, atMs: number): Fate {
    const { flaky, fault } = this.behaviour
    if (flaky && flaky.request > 0 && this.#random() < flaky.request) {
      const failure = flaky.failures[pickIndex(this.#random, flaky.failures.length)]
      return failure === 'mid-body' && !isOpaque ? { kind: 'cut' } : 'reset'
    }
    if (!fault || !isBodyFault(fault)) return undefined
    if (fault.kind === 'inject' && fault.share < 1 && this.#random() >= fault.share) return undefined
    if (fault.kind !== 'lie') return fault
    const lie = isOpaque ? undefined : this.#liar.plan(fault, asked, atMs)
    return lie && { kind: 'told', lie }
  }
}
