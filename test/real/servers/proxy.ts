import type { Server } from './server.ts'

/** Where a proxy's files go, where it listens, and the loopback address it leaves from. */
export interface Berth {
  readonly folder: string
  readonly port: number
  readonly egress: string
}

export interface RealProxy {
  readonly server: Server
  /** With the password, where there is one. */
  readonly url: string
  readonly egress: string
}

export const login = { username: 'crew', password: 'ahoy' }
