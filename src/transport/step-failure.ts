import type { FaultCause, Phase } from '../contracts/outcome.ts'

/** What a step of the transport hands back instead of its result. A value, never thrown. */
export class Failure {
  readonly phase: Phase
  readonly cause: FaultCause
  /** One sentence for people, without credentials. */
  readonly detail: string
  /** HTTP status or SOCKS reply code, where there was one. */
  readonly code: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(phase: Phase, cause: FaultCause, detail: string, code?: number, retryAfterMs?: number) {
    this.phase = phase
    this.cause = cause
    this.detail = detail
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** The stable code of a system, TLS or parser error; empty when there is none. Messages are never read. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

const exhausted = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'])

/** This machine's own shortage, which can surface in any phase and is nobody else's fault. */
export function localFailure(code: string): Failure | undefined {
  if (exhausted.has(code)) {
    return new Failure('local', 'local-resources', `This machine is out of sockets or memory (${code}).`)
  }
  if (code === 'ENETDOWN')
    return new Failure('local', 'local-network', 'The network of this machine is down.')
  return undefined
}
