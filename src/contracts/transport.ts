import type { Cookies } from './cookies.ts'
import type { ProxyEndpoint } from './endpoint.ts'
import type { Exchange, Phase } from './outcome.ts'
import type { FetchRequest } from './request.ts'

/**
 * How bytes go out: one request over one proxy. A redirect is an answer like any other, and where it leads is asked for by
 * another call. The trap of this contract is `deliver`: it is called exactly once for
 * every `send`, also after `cancel` (then with cause `cancelled`), and never before `send` has returned. By then
 * nothing of the attempt is left: no socket in mid-handshake, no timer, no listener.
 */
export interface Transport {
  /** Sends one request over one proxy; its end is told to `call.deliver`. */
  send(call: TransportCall): TransportHandle
  /** Closes idle connections of a proxy that left the fleet; running ones finish. */
  forget(proxyId: string): void
  /** Ends every connection; calls still running are delivered as `cancelled`. */
  close(): Promise<void>
}

/** One request over one proxy, and who hears of it. */
export interface TransportCall {
  /** What is asked for. */
  readonly request: FetchRequest
  /** The proxy it goes through. */
  readonly proxy: ProxyEndpoint
  /** Keeps the connections of one session apart from all others. */
  readonly session?: string | undefined
  /** What is sent with it, and where what its answer sets is kept. Default: none. */
  readonly cookies?: Cookies | undefined
  /** The host's own limits. Default: those the transport was made with. */
  readonly limits?: TransportLimits | undefined
  /** Told when the attempt enters a phase, and at which clock time in ms (default: now); free to leave out. */
  onPhase?(phase: Phase, at?: number): void
  /** Told how many bytes of a body have come, as they come; free to leave out. */
  onBytes?(count: number): void
  /** Told what happened, exactly once. */
  deliver(exchange: Exchange): void
}

/** What bounds one call. */
export interface TransportLimits {
  /** Milliseconds for each phase; `minRate` is in bytes a second, and 0 turns it off. */
  readonly timeouts: {
    /** TCP to the proxy. */
    readonly dial: number
    /** SOCKS or CONNECT, with TLS to an HTTPS proxy. */
    readonly handshake: number
    /** TLS to the target through the tunnel. */
    readonly tls: number
    /** From the request to the head of its response. */
    readonly firstByte: number
    /** Longest silence inside a body. */
    readonly idle: number
    /** All phases together. */
    readonly total: number
    /** Slowest body that is waited for. */
    readonly minRate: number
  }
  /** Bytes of a body, on the wire and decoded. */
  readonly maxBody: number
  /** How long a connection is kept, and for how many requests. */
  readonly connections: {
    /** `connection` keeps one for more requests, `request` opens a new one each time. */
    readonly rotation: 'connection' | 'request'
    /** Requests that one connection may serve. */
    readonly maxRequestsPerConnection: number
    /** Milliseconds after which a connection is not used again. */
    readonly connectionMaxAge: number
    /** Milliseconds without a request after which a connection is not used again. */
    readonly idleMax: number
  }
}

/** An attempt on its way. */
export interface TransportHandle {
  /** Ends the attempt now, wherever it is. Harmless when it has ended already. */
  cancel(): void
}
