import type { Phase, VerdictKind } from '../contracts/outcome.ts'

/** What people read of an attempt, in an explanation and in its picture. */

/** The phases, in their order. */
export const phaseWords: Readonly<Record<Phase, string>> = {
  dial: 'dial',
  handshake: 'handshake',
  tls: 'TLS',
  headers: 'request to head',
  body: 'body',
  decode: 'decode',
  redirect: 'redirect',
  local: 'own disk',
}

/** In their order. */
export const phases = Object.keys(phaseWords) as readonly Phase[]

/** An attempt that is not the answer and has not failed: it lost, or only confirmed what another has brought. */
export function isHarmless(verdict: VerdictKind): boolean {
  return verdict === 'neutral' || verdict === 'success' || verdict === 'final'
}
