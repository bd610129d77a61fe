import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import type { Crawler } from '../../src/index.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { createVirtualClock, ScenarioWorld, SimulatedTransport } from '../../src/sim/index.ts'
import { beginLife } from '../../src/sim/life.ts'
import { Pages } from '../../src/sim/pages.ts'
import { quantile } from '../report.ts'
import { PlainClient } from './client.ts'
import { oracle } from './oracle.ts'
import type { Arm, Policy } from './policy.ts'

/**
 * One policy in one scenario from one seed: the pages of its work, on virtual time, and what they cost. The world, its
 * luck, the timeouts and the rules that judge answers are the same for all.
 */
export interface Run {
  /** Pages asked for, and those that came and were the right ones. */
  readonly asked: number
  readonly good: number
  /** Virtual ms. */
  readonly wall: number
  /** Of all pages; one that is lost has taken for ever. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Per good page. */
  readonly attempts: number
  readonly bytes: number
  /** Proxies shut out that would have served; undefined for policies that shut nobody out. */
  readonly wronglyOpened: number | undefined
  /** When the pages were answered, virtual ms, ascending. */
  readonly answeredAt: readonly number[]
  /** Where Regatta's attempts went, by why they began (`first`, `hedge`, …) and how they ended (`blocked`, …). */
  readonly spent: Readonly<Record<string, number>>
}

/** `regatta` with options over the scenario's own, the oracle, or a plain policy. */
export type Contender =
  | { readonly regatta: CrawlerOptions }
  | { readonly plain: (onOpen: (arm: Arm) => void) => Policy }
  | 'oracle'

export async function run(scenario: Scenario, seed: number, contender: Contender): Promise<Run> {
  const parsed = { ...parseScenario(scenario), seed }
  const { work } = parsed
  const time = createVirtualClock()
  const own = typeof contender === 'object' && 'regatta' in contender ? contender.regatta : {}
  const input: CrawlerOptions = { seed, refresh: 604_800_000, ...(work.options as CrawlerOptions), ...own }
  const world = new ScenarioWorld(parsed, time, parseOptions(input))
  const pages = new Pages(work, world.hosts, time, () => {})
  const spent: Record<string, number> = {}
  const spend = (what: string) => {
    spent[what] = (spent[what] ?? 0) + 1
  }
  let wronglyOpened: number | undefined
  const opened = (isSound: boolean) => {
    wronglyOpened = (wronglyOpened ?? 0) + (isSound ? 1 : 0)
  }
  const drive = async (fetch: Crawler['fetch'], rest: () => Promise<void>) => {
    let isDone = false
    let failure: unknown
    const over = pages.drive(fetch).catch((error: unknown) => {
      failure = error
    })
    void over.then(() => {
      isDone = true
    })
    await time.reaches(() => isDone, work.limitMs)
    if (failure !== undefined) throw failure
    await rest()
  }
  if (typeof contender === 'object' && 'regatta' in contender) {
    wronglyOpened = 0
    const { crawler, transport } = await beginLife(world, time, input, (born) => {
      born.on('attempt.started', ({ why }) => spend(why))
      born.on('outcome', ({ verdict }) => spend(verdict))
      born.on('proxy.state', ({ proxy: label, host: name, to, reason }) => {
        const proxy = world.proxyOf(label)
        const host = name === undefined ? undefined : world.hostOf(name)
        if (to !== 'open' || !proxy || reason.startsWith('slow')) return
        opened(host ? world.serves(proxy, host) : world.isSound(proxy))
      })
    })
    await drive(
      (input, init) => crawler.fetch(input, init),
      async () => {
        await time.reaches(() => transport.running === 0, 600_000)
        await crawler.stop()
      },
    )
  } else {
    const policy =
      contender === 'oracle'
        ? oracle(world)
        : contender.plain((arm) => opened(world.isSound(world.proxies[arm.index]!)))
    if (policy.opens) wronglyOpened = 0
    const transport = new SimulatedTransport(time, world, { keepsVisits: false })
    const endpoints = world.proxies.map(({ url }) => parseProxy(url).endpoint)
    const client = new PlainClient({ policy, transport, clock: time, endpoints, seed })
    await drive(
      async (input) => Object.assign(await client.fetch(String(input)), { trust: 'unchecked' as const }),
      async () => {
        await transport.close()
        await time.advance(1)
      },
    )
  }
  world.close()
  const { asked, succeeded, spoiled } = pages.counts
  const lost = Array.from({ length: asked - succeeded }, () => Number.POSITIVE_INFINITY)
  const latencies = [...pages.latencies, ...lost]
  const good = succeeded - spoiled
  const { attempts, bytes } = world.counts
  return {
    asked,
    good,
    wall: pages.answeredAt.at(-1) ?? time.now(),
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    attempts: attempts / Math.max(1, good),
    bytes: bytes / Math.max(1, good),
    wronglyOpened,
    answeredAt: pages.answeredAt,
    spent,
  }
}
