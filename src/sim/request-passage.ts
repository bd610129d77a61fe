import type { FaultCause } from '../contracts/outcome.ts'
import type { TransportCall, TransportLimits } from '../contracts/transport.ts'
import type { OriginRow } from '../lab/books.ts'
import type { Reply } from '../lab/origin/reply.ts'
import { tamper } from '../lab/proxy/tamper.ts'
import { plainOnly } from '../lab/proxy/tunnel.ts'
import type { Address, Sites } from '../transport/address.ts'
import { isTooSlow, judgedAfter, limitOf } from '../transport/limits.ts'
import { Failure } from '../transport/step-failure.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { type Broken, type Fate, type SimulatedProxy, silent } from './simulated-proxy.ts'
import { endedWithin, type SimulatedAttempt, type SimulatedFacts, type SimulatedStep } from './transport.ts'
import { type Read, readReply, readWire, type Unread } from './wire.ts'

/** A request reached a host. */
export interface Arrival {
  readonly at: number
  readonly proxy: SimulatedProxy
  readonly host: SimulatedHost
  readonly path: string
  /** Requests under way at the host, this one included. */
  readonly inFlight: number
}

/**
 * One request's way through a simulated proxy to a simulated host and back: connect, arrive, answer. Each stage is a span of virtual time; the host judges at the moment of arrival.
 */
export interface PassageWorld {
  /** For calls that bring none of their own. */
  readonly limits: TransportLimits
  readonly sites: Sites
  readonly counts: { bytes: number }
  hostOf(name: string): SimulatedHost | undefined
  onArrival(arrival: Arrival): void
  /** Clock time, ms. */
  now(): number
}

const packet = 0.5
const opaqueGrace = 8_192

export class Passage {
  readonly #world: PassageWorld
  readonly #call: TransportCall
  readonly #limits: TransportLimits
  readonly #proxy: SimulatedProxy
  readonly #startedAt: number
  #address: Address | undefined
  #connectMs = 0
  #bytes = 0
  #reused = false
  #forwarded = false

  constructor(world: PassageWorld, call: TransportCall, proxy: SimulatedProxy, startedAt: number) {
    this.#world = world
    this.#call = call
    this.#limits = call.limits ?? world.limits
    this.#proxy = proxy
    this.#startedAt = startedAt
  }

  begin(): SimulatedStep {
    const { request } = this.#call
    const address = this.#world.sites.read(request.url)
    if (address instanceof Failure) {
      return this.#broken({ afterMs: 0, phase: address.phase, cause: address.cause })
    }
    this.#address = address
    return this.#connect(address, this.#startedAt)
  }

  #connect(address: Address, now: number): SimulatedStep {
    const { site } = address
    const host = this.#world.hostOf(site.host)
    const proxy = this.#proxy
    this.#forwarded = !site.secure && proxy.speaksHttp
    const key = `${site.host} ${this.#call.session ?? ''}`
    this.#reused = proxy.reuse(key, now, this.#limits.connections.idleMax)
    if (this.#reused && host)
      return { afterMs: packet, phase: 'headers', next: (at) => this.#arrive(host, address, at) }
    const broken = proxy.breaksConnection(now, this.#limits.timeouts, !this.#forwarded)
    if (broken) return this.#broken(broken)
    if (!host || host.isClosed) return this.#unreachable(proxy.reportRefused())
    if (proxy.behaviour.fault?.kind === 'connect-then-silent') {
      const phase = host.secure ? 'tls' : 'headers'
      return this.#broken(silent(phase, this.#limits.timeouts, proxy.connectMs))
    }
    const connectMs = proxy.connectMs + (host.secure ? 2 * packet : 0)
    this.#connectMs += connectMs
    if (host.secure && (!host.isTrusted || proxy.behaviour.fault?.kind === 'mitm')) {
      return this.#broken({ afterMs: connectMs, phase: 'tls', cause: 'tls-certificate' })
    }
    return { afterMs: connectMs, phase: 'headers', next: (at) => this.#arrive(host, address, at) }
  }

  /** Through an HTTP proxy a plain request gets the proxy's own answer; a tunnel just fails. */
  #unreachable(broken: Broken): SimulatedStep {
    if (!this.#forwarded) return this.#broken(broken)
    return {
      afterMs: broken.afterMs,
      status: 502,
      headers: { 'proxy-status': 'lab; error=connection_refused' },
      body: '',
      facts: { ...this.#facts(this.#address!, broken.afterMs), forwarded: true },
    }
  }

  #arrive(host: SimulatedHost, address: Address, now: number): SimulatedStep {
    const { timeouts } = this.#limits
    const proxy = this.#proxy
    if (host.isClosed) return this.#broken({ afterMs: packet, phase: 'headers', cause: 'reset' })
    const { request, cookies } = this.#call
    const asked = { method: request.method, host: address.site.host, path: address.path }
    const fate = proxy.drawFate(host.secure, asked, host.reception.resources.elapsed())
    const proxyMs = proxy.drawLatency()
    // A proxy that resets does so instead of passing the request on.
    if (fate === 'reset') return this.#broken({ afterMs: proxyMs, phase: 'headers', cause: 'reset' })
    const { row, answer } = host.receive(
      request,
      address.path,
      proxy.exitIp,
      host.connect(),
      cookies?.headerFor(address.href),
    )
    proxy.running++
    this.#world.onArrival({
      at: now,
      proxy,
      host,
      path: address.path,
      inFlight: row.inFlight,
    })
    const over = (isCut: boolean) => {
      proxy.running--
      host.reception.leave(row)
      if (!isCut) this.#world.counts.bytes += row.bytes
      hide()
      if (!isCut && keeps) proxy.keep(`${address.site.host} ${this.#call.session ?? ''}`, this.#world.now())
    }
    let hide: () => void = () => {}
    let keeps = false
    const exposed: SimulatedAttempt['exposed'] = (cut) => {
      hide = host.exposes(() => cut({ phase: 'headers', cause: 'reset' }))
    }
    const end = (step: SimulatedAttempt): SimulatedAttempt => ({ ...step, over, exposed })
    if (answer === 'silence') {
      return end(this.#broken(silent('headers', timeouts)))
    }
    if (answer === 'reset') return end(this.#broken({ afterMs: packet, phase: 'headers', cause: 'reset' }))
    const firstByte = Math.max(proxyMs, answer.afterMs + packet)
    if (firstByte > limitOf('headers', timeouts)) return end(this.#broken(silent('headers', timeouts)))
    const read = this.#pass(answer.reply, fate, host.secure, row)
    if ('cause' in read) {
      const spent = this.#timeOf(read, firstByte)
      return end(this.#broken({ ...read, afterMs: spent }, now + firstByte - this.#startedAt))
    }
    const bandwidth = proxy.behaviour.bandwidth
    const bodyMs = bandwidth === undefined ? 0 : (read.body.length * 1_000) / bandwidth
    const isKept = !answer.reply.close && this.#limits.connections.rotation === 'connection'
    keeps = isKept && firstByte + bodyMs <= this.#leftMs
    if (isTooSlow(read.body.length, bodyMs, timeouts)) {
      const slow: Broken = { afterMs: firstByte + judgedAfter, phase: 'body', cause: 'body-slow' }
      return end(this.#broken(slow, now + firstByte - this.#startedAt))
    }
    this.#bytes += read.body.length
    const facts = this.#facts(address, now + firstByte - this.#startedAt)
    return end(endedWithin(this.#leftMs, { afterMs: firstByte + bodyMs, ...read, facts }))
  }

  /** The answer as it comes out of the proxy, or how it breaks off. */
  #pass(reply: Reply, fate: Fate, isOpaque: boolean, row: OriginRow): Read | Unread {
    row.status = reply.status
    row.bytes = reply.wire.length - reply.headLength
    if (reply.play) return { phase: 'body', cause: 'body-timeout' }
    const isHead = this.#call.request.method === 'HEAD'
    if (isHead) return readWire(reply.wire, true)
    if (!fate || fate === 'reset') return readReply(reply)
    if (isOpaque && (row.bytes <= opaqueGrace || plainOnly.has(fate.kind))) {
      return readReply(reply)
    }
    if (fate.kind === 'trickle') return { phase: 'body', cause: 'body-slow' }
    const { head, body, after } = tamper(fate, reply.wire, this.#proxy.lastResponse)
    if (fate.kind === 'swap') this.#proxy.lastResponse = reply.wire
    if (after === 'reset') return { phase: 'body', cause: 'body-reset' }
    if (after === 'end') return { phase: 'body', cause: 'body-short' }
    return readWire(Buffer.concat([head, body]), false, this.#limits.maxBody)
  }

  #timeOf({ cause }: { cause: FaultCause }, firstByte: number): number {
    const { timeouts } = this.#limits
    if (cause === 'body-timeout') return firstByte + limitOf('body', timeouts)
    return cause === 'body-slow' ? firstByte + judgedAfter : firstByte
  }

  #facts({ href, site }: Address, firstByteMs: number): SimulatedFacts {
    return {
      connectMs: this.#connectMs,
      firstByteMs,
      reused: this.#reused,
      verified: site.secure,
      forwarded: this.#forwarded,
      url: href,
      redirects: [],
      bytes: this.#bytes,
    }
  }

  #broken({ afterMs, phase, cause, code }: Broken, firstByteMs?: number): SimulatedAttempt {
    const { connectMs, reused, verified, bytes } = this.#address
      ? this.#facts(this.#address, 0)
      : { connectMs: 0, reused: false, verified: false, bytes: 0 }
    return endedWithin(this.#leftMs, {
      afterMs,
      fault: { phase, cause, ...(code !== undefined && { code }) },
      facts: {
        connectMs,
        reused,
        verified: verified && phase !== 'tls' && firstByteMs !== undefined,
        bytes,
        ...(firstByteMs !== undefined && { firstByteMs }),
      },
    })
  }

  /** Until the total limit. */
  get #leftMs(): number {
    return this.#startedAt + this.#limits.timeouts.total - this.#world.now()
  }
}
