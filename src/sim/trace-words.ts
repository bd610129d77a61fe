import type { FaultCause, Phase, VerdictKind } from '../contracts/outcome.ts'

/** The words of outcomes, for those who read them from a file. The compiler says when one is missing. */
export const verdictKinds = [
  'success',
  'final',
  'blocked',
  'challenge',
  'dead',
  'target',
  'rate-limited',
  'transient',
  'neutral',
] as const satisfies readonly VerdictKind[]

export const phases = [
  'dial',
  'handshake',
  'tls',
  'headers',
  'body',
  'decode',
  'redirect',
  'local',
] as const satisfies readonly Phase[]

export const faultCauses = [
  'proxy-dns',
  'dial-refused',
  'dial-unreachable',
  'dial-timeout',
  'dial-reset',
  'handshake-timeout',
  'handshake-closed',
  'handshake-garbage',
  'proxy-tls',
  'proxy-auth',
  'proxy-quota',
  'proxy-busy',
  'socks-general-failure',
  'socks-not-allowed',
  'socks-network-unreachable',
  'socks-host-unreachable',
  'socks-connection-refused',
  'socks-ttl-expired',
  'socks-command-unsupported',
  'socks-address-unsupported',
  'socks-rejected',
  'connect-forbidden',
  'connect-failed',
  'host-not-found',
  'connect-target',
  'connect-proxy-error',
  'connect-injected',
  'tls-timeout',
  'tls-closed',
  'tls-certificate',
  'tls-alert',
  'stale-socket',
  'reset',
  'headers-timeout',
  'http-garbage',
  'malformed',
  'head-too-large',
  'body-timeout',
  'body-slow',
  'body-short',
  'body-reset',
  'body-too-large',
  'decode-failed',
  'decode-bomb',
  'total-timeout',
  'redirect-limit',
  'redirect-not-web',
  'redirect-refused',
  'private-target',
  'request-invalid',
  'local-resources',
  'local-disk',
  'local-network',
  'cancelled',
] as const satisfies readonly FaultCause[]

type Missing =
  | Exclude<VerdictKind, (typeof verdictKinds)[number]>
  | Exclude<Phase, (typeof phases)[number]>
  | Exclude<FaultCause, (typeof faultCauses)[number]>

/** Fails to compile when a word was added to outcome.ts and not here. */
export const isComplete: [Missing] extends [never] ? true : never = true
