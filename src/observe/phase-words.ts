import type { Phase } from '../contracts/outcome.ts'

/** The phases of an attempt as a person reads them. */
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
