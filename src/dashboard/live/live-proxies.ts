import type { Engine } from '../../engine/engine.ts'
import { breakerStates } from '../../reputation/breakers.ts'
import type { TellProxy } from '../dashboard-view.ts'
import { type PairRow, type ProxyDetail, proxyStates, standings } from '../protocol.ts'
import type { LiveParts } from './live-parts.ts'
import type { Recorder } from './recorder.ts'

/** One proxy, and all of them, read from the fleet's columns. */
const mostPairs = 100
const mostShown = 50
const mostEvidence = 20

export function eachProxy({ engine, clock }: LiveParts, tell: TellProxy): void {
  const { fleet } = engine
  const now = clock.now()
  for (const proxy of fleet.members) {
    const { id, tags } = fleet.endpoints[proxy]!
    const state = fleet.breakers.state[proxy]!
    tell(
      id,
      tags as Readonly<Record<string, unknown>>,
      state,
      state === 0 && fleet.isFailing(proxy) ? 1 : 0,
      standings.indexOf(standingOf(engine, proxy)),
      fleet.mean(proxy, now),
      fleet.firstByte[proxy]!,
      fleet.uses[proxy]!,
      fleet.inFlight[proxy]!,
    )
  }
}

export function proxyDetail(parts: LiveParts, recorder: Recorder, id: string): ProxyDetail | undefined {
  const { engine, clock } = parts
  const { fleet, telling } = engine
  const proxy = fleet.numberOf(id)
  if (proxy === undefined || !fleet.has(proxy)) return undefined
  const now = clock.now()
  const offset = clock.wall() - now
  const context = fleet.breakers.contextOf(proxy)
  const state = proxyStates[fleet.breakers.state[proxy]!]!
  const { alpha, beta } = fleet.weigh(proxy, now)
  const pairs = pairsOf(engine, proxy, now)
  const { attempts } = telling.counts
  return {
    at: clock.wall(),
    id,
    tags: tagsOf(fleet.endpoints[proxy]!.tags),
    state,
    reason: state === 'closed' ? '' : context.reason,
    until: state === 'open' ? Math.round(context.openUntil + offset) : null,
    failures: context.run,
    reopened: context.reopens,
    trust: {
      standing: standingOf(engine, proxy),
      evidence: [
        ...engine.trust.honesty.describe(proxy).map((sentence) => ({ at: clock.wall(), sentence })),
        ...recorder.evidenceOf(id, mostEvidence).map(({ at, sentence }) => ({ at, sentence })),
      ],
    },
    posterior: { alpha, beta },
    attempts: fleet.uses[proxy]!,
    successes: fleet.successes[proxy]!,
    failuresCount: fleet.failures[proxy]!,
    // Those under way are of the proxy's count already.
    share: attempts > 0 ? Math.min(1, fleet.uses[proxy]! / attempts) : 0,
    inFlight: fleet.inFlight[proxy]!,
    firstByteMs: fleet.firstByte[proxy] || null,
    bytes: fleet.bytes[proxy]!,
    lastReason: fleet.lastReasons[proxy] ?? null,
    transitions: recorder.transitionsOf(id, mostShown),
    hosts: pairs.slice(0, mostPairs),
    moreHosts: Math.max(0, pairs.length - mostPairs),
    outcomes: recorder.outcomesOf(id, mostShown),
  }
}

/** Where another run has found out that it lies, its breaker alone remembers it. */
function standingOf({ fleet, trust }: Engine, proxy: number) {
  const isIsolated = breakerStates[fleet.breakers.state[proxy]!] === 'isolated'
  if (isIsolated && fleet.breakers.contextOf(proxy).reason === 'lies') return 'lies'
  return trust.honesty.standingOf(proxy, fleet.size)
}

/** At each host that it has visited, those with most weight first. */
function pairsOf({ router }: Engine, proxy: number, now: number): PairRow[] {
  const rows: PairRow[] = []
  for (const { host, record } of router.pools.values()) {
    const row = record.pairs.rowOf(proxy)
    if (row === undefined) continue
    const { alpha, beta } = record.weigh(row, now)
    rows.push({ host, state: breakerStates[record.pairs.breakers.state[row]!]!, alpha, beta })
  }
  return rows.sort((a, b) => b.alpha + b.beta - a.alpha - a.beta)
}

function tagsOf(tags: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  )
}
