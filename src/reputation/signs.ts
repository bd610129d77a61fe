import type { Outcome, Phase, Verdict } from '../contracts/outcome.ts'
import type { HostRecord } from './host-record.ts'

/** What an outcome is a sign of, beside what its verdict says. */

/** As a multiple of what 95 in a hundred answers need: a hedge begins about then, and ends it when it has answered. */
const outrunAfter = 1.25

/** Phases in which the host has answered, or began to. */
export const hasBegun: ReadonlySet<Phase> = new Set<Phase>(['body', 'decode', 'redirect'])

/** The pair may be opened for it after a few in a row: nothing but a refusal, or what only a bad proxy would say. */
export function isRefusal({ kind, hard = false, credential = false }: Verdict): boolean {
  return kind === 'blocked' || kind === 'challenge' || (kind === 'dead' && (hard || credential))
}

/**
 * It was ended without a byte because others had been quicker, although it had longer than nearly all answers take here. That
 * blames nobody; but an exit that does nothing else is not well.
 */
export function isOutrun({ health, latency }: HostRecord, { exchange, startedAt }: Outcome): boolean {
  if (exchange.kind !== 'fault' || exchange.cause !== 'cancelled') return false
  if (exchange.firstByteMs !== undefined || health.answeredAt < startedAt) return false
  return exchange.totalMs > outrunAfter * (latency.quantile(0.95) ?? Number.POSITIVE_INFINITY)
}

/** The answer came from beyond the proxy. */
export function isHeard({ exchange, verdict }: Outcome): boolean {
  if (exchange.verified) return true
  if (exchange.kind === 'fault') return exchange.phase === 'body' || exchange.phase === 'decode'
  if (verdict.kind === 'transient') return !exchange.forwarded
  return verdict.kind !== 'dead'
}
