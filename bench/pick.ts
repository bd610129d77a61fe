import { systemClock } from '../src/base/clock.ts'
import { Wheel } from '../src/base/wheel.ts'
import type { Transport } from '../src/contracts/transport.ts'
import { Engine } from '../src/engine/engine.ts'
import { Telling } from '../src/engine/telling.ts'
import { parseOptions } from '../src/options/options.ts'
import { median, type Report } from './report.ts'

/**
 * What one choice among many proxies costs: a lease taken and given back, over fleets of 100, 1,000 and 10,000, after
 * the pool has learnt something of them.
 */
const picks = 50_000

export async function pick(report: Report): Promise<void> {
  const rows: string[][] = []
  let largest = 0
  for (const size of [100, 1_000, 10_000]) {
    const cost = costOfPick(size)
    rows.push([String(size), cost.toFixed(2)])
    largest = cost
  }
  report.table('A pick: lease and release', ['proxies', 'µs'], rows)
  report.atMost('a pick among 10,000 proxies', largest, 10, (value) => `${value.toFixed(2)} µs`)
}

function costOfPick(size: number): number {
  const clock = systemClock
  const options = parseOptions({ direct: true, politeness: false })
  const transport: Transport = { send: () => ({ cancel() {} }), forget() {}, async close() {} }
  const engine = new Engine({
    options,
    clock,
    wheel: new Wheel(clock),
    transport,
    seed: 1,
    telling: new Telling({ isHeard: () => false, announce: () => {} }, options.explain, clock),
  })
  for (let n = 0; n < size; n++) {
    const endpoint = {
      id: `socks5://p${n}:1`,
      protocol: 'socks5',
      host: `p${n}`,
      port: 1,
      credentialGroup: '',
      network: `n${n}`,
    } as const
    engine.join({ endpoint: { ...endpoint, tags: {} } })
  }
  const pool = engine.router.pool('site.lab')
  const wish = { why: 'first', busy: [], failed: [] } as const
  const one = () => {
    const lease = pool.lease(wish)!
    const now = clock.now()
    pool.record.pairs.observeLatency(lease.pair, 20 + (lease.proxy % 97), now)
    pool.record.pairs.evidence.add(lease.pair, 1, 0, now)
    pool.release(lease)
  }
  for (let n = 0; n < picks; n++) one()
  const rounds = Array.from({ length: 5 }, () => {
    const start = performance.now()
    for (let n = 0; n < picks; n++) one()
    return ((performance.now() - start) * 1_000) / picks
  })
  engine.close()
  return median(rounds)
}
