import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { Wheel } from '../base/wheel.ts'
import type { Options, Timeouts } from '../options/options.ts'
import type { Sites } from './address.ts'
import type { CredentialVault } from './credentials.ts'
import type { BodyLimits } from './exchange.ts'
import type { IdleConnections } from './idle.ts'
import type { Layers } from './layers.ts'

/** What all attempts of one transport share. */
export interface Workplace {
  readonly timeouts: Timeouts
  readonly bodies: BodyLimits
  readonly maxRedirects: number
  readonly connections: Options['connections']
  readonly allowPrivateTargets: boolean
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
