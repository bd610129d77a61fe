import { dante } from './servers/dante.ts'
import { microsocks } from './servers/microsocks.ts'
import type { Berth, RealProxy } from './servers/proxy.ts'
import { squid } from './servers/squid.ts'
import { tinyproxy } from './servers/tinyproxy.ts'

/** A dozen real proxies of four makes, each leaving from a loopback address of its own. */
const makes: readonly ((berth: Berth) => RealProxy)[] = [
  (berth) => microsocks(berth, false),
  (berth) => microsocks(berth, false),
  (berth) => microsocks(berth, false),
  (berth) => microsocks(berth, true),
  (berth) => microsocks(berth, true),
  (berth) => microsocks(berth, true),
  tinyproxy,
  tinyproxy,
  squid,
  squid,
  dante,
  dante,
]

export const fleetSize = makes.length

export function createFleet(folder: string, ports: readonly number[]): RealProxy[] {
  return makes.map((make, index) => make({ folder, port: ports[index]!, egress: `127.0.1.${index + 1}` }))
}
