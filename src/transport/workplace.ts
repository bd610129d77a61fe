import type { SecureContext } from 'node:tls'
import type { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import type { Wheel } from '../base/wheel.ts'
import type { TransportLimits } from '../contracts/transport.ts'
import type { Sites } from './address.ts'
import type { BodyFolder } from './body-folder.ts'
import type { IdleConnections } from './connection.ts'
import type { CredentialVault } from './credentials.ts'
import type { Layers } from './layers.ts'

/** Where bodies are kept. */
export interface BodyPlaces {
  /** Bytes in memory; what is longer goes onto a file while it comes. */
  readonly memory: number
  /** Bytes in memory of all of them; when it is full, what is longer than `small` goes onto files. */
  readonly budget: ByteBudget
  readonly folder: BodyFolder
}

/** What all attempts of one transport share. */
export interface Workplace {
  /** For calls that bring none of their own. */
  readonly limits: TransportLimits
  readonly bodies: BodyPlaces
  /** Whether addresses of a local network may be asked; undefined: as each request says. */
  readonly allowPrivateTargets: boolean | undefined
  /** `false`: names of targets are resolved here, and SOCKS proxies are told addresses. Default true. */
  readonly remoteDns?: boolean | undefined
  readonly credentials: CredentialVault
  readonly clock: Clock
  readonly wheel: Wheel
  /** The authorities that are trusted; made at first use, because it takes tens of milliseconds. */
  trust(): SecureContext
  readonly sites: Sites
  readonly idle: IdleConnections
  /** Every connection that has an open socket, from the first dial on. */
  readonly open: Set<Layers>
}
