import type { Random } from '../../base/random.ts'
import type { Liar } from '../lies/liar.ts'
import type { Resources } from '../resources.ts'
import type { Behaviour } from './behaviour.ts'
import type { Client } from './client.ts'
import type { Tunnel } from './tunnel.ts'

/** What the protocols and the tunnels need of the proxy they belong to. */
export interface Passage {
  readonly behaviour: Behaviour
  readonly resources: Resources
  readonly random: Random
  readonly auth: { readonly username: string; readonly password: string } | undefined
  readonly exitIp: string
  readonly liar: Liar
  /** Whether anything happens to requests at all; when not, tunnels only copy. */
  readonly shapesRequests: boolean
  /** The last whole response, for the proxy that mixes them up. */
  lastResponse: Buffer | undefined
  /** Sends bytes of a handshake, late or in pieces if that is its way. */
  say(client: Client, bytes: Uint8Array): Promise<void>
  /** Says it and ends the connection. */
  refuse(client: Client, bytes: Uint8Array): Promise<void>
  /** Whether the credentials are right; keeps count when not. */
  admits(username: string, password: string): boolean
  /** Dials the target and says `granted` or `refused(…)`; undefined when nothing came of it. */
  reach(client: Client, host: string, port: number, replies: Replies): Promise<Tunnel | undefined>
  countRequest(): void
  countAnswer(): void
  countFault(): void
}

export interface Replies {
  /** Empty where a protocol grants without a word. */
  readonly granted: Uint8Array
  refused(refusal: Refusal): Uint8Array
}

export type Refusal =
  | 'general'
  | 'not-allowed'
  | 'unknown-host'
  | 'refused'
  | 'unreachable'
  | 'quota'
  | 'busy'
  | 'fake-connect'
  | { readonly code: number; readonly status: number; readonly headers: Readonly<Record<string, string>> }
