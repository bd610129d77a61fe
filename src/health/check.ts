import type { Clock } from '../base/clock.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Transport } from '../contracts/transport.ts'
import { forEachAtOnce } from '../fleet/in-parallel.ts'
import { type Anonymity, anonymityOf } from './echo.ts'
import { type Probe, probe, reasonOf, requireEchoes } from './probe.ts'
import { isReplaced, withLiars } from './replaced-answers.ts'

/**
 * Which proxies of a list work, how fast, where they come out and what they give away. Every proxy is asked for every
 * echo at once, so that one target's refusal or outage costs neither time nor a verdict, and no proxy waits longer than
 * one timeout. The proxies must be known to the transport (it holds the credentials).
 */
export interface CheckOptions {
  readonly transport: Transport
  /** http(s) URLs that answer with the caller's address; two of different origins tell a failing target from a failing proxy. */
  readonly echoes: readonly string[]
  readonly clock: Clock
  /** Proxies examined at once. Default 100. */
  readonly concurrency?: number
  /** Milliseconds for one proxy. Default 10 s. */
  readonly timeoutMs?: number
  /** Addresses of this machine as the internet sees it, where known: makes `transparent` certain. */
  readonly ownAddresses?: readonly string[]
  /** Told as soon as a proxy is done, in order of finishing. */
  onResult?(row: CheckRow): void
  /** Ends the check: running probes are cancelled. */
  readonly signal?: AbortSignal
}

export interface CheckRow {
  readonly proxy: ProxyEndpoint
  /**
   * `lies`: over plain HTTP it brings something else than others do (replaced-answers.ts). `unclear`: nothing that happened speaks
   * for or against the proxy.
   */
  readonly state: 'alive' | 'lies' | 'dead' | 'unclear'
  /** A slug: `ok`, a fault's cause, `status-403`. */
  readonly reason: string
  /** Milliseconds to the first byte of the fastest echo; undefined unless alive. */
  readonly latencyMs: number | undefined
  /** Addresses that the targets saw, without repetition; several mean a rotating gateway. */
  readonly exits: readonly string[]
  /** The worst of what the targets saw; undefined when none of them tells headers. */
  readonly anonymity: Anonymity | undefined
  /** Targets over plain HTTP that have answered as they do. */
  readonly echoed: readonly string[]
  /** Those in whose place something else came, and no refusal. */
  readonly replaced: readonly string[]
}

/** One row per proxy, in the list's order, liars marked. Throws OPTION_INVALID, or the signal's reason. */
export async function checkProxies(
  list: readonly ProxyEndpoint[],
  options: CheckOptions,
): Promise<CheckRow[]> {
  requireEchoes(options.echoes, 1)
  const { concurrency = 100, timeoutMs = 10_000, signal } = options
  const rows: CheckRow[] = new Array(list.length)
  await forEachAtOnce(list, concurrency, async (proxy, index) => {
    signal?.throwIfAborted()
    const probes = await Promise.all(
      options.echoes.map((echo) => probe(proxy, echo, { ...options, timeoutMs })),
    )
    signal?.throwIfAborted()
    const row = summarise(proxy, probes, options.ownAddresses ?? [])
    rows[index] = row
    options.onResult?.(row)
  })
  return withLiars(rows)
}

function summarise(proxy: ProxyEndpoint, probes: readonly Probe[], own: readonly string[]): CheckRow {
  const answered = probes.filter((each) => each.answer)
  const overHttp = probes.filter(({ echo }) => echo.startsWith('http:'))
  const levels = answered.map((each) => anonymityOf(each.answer!, own))
  const telling =
    answered[0] ??
    probes.find((each) => each.kind === 'failed') ??
    probes.find((each) => each.kind !== 'lost') ??
    probes[0]!
  return {
    proxy,
    state: stateOf(telling.kind),
    reason: reasonOf(telling),
    latencyMs: answered.length > 0 ? Math.min(...answered.map(latencyOf)) : undefined,
    exits: [...new Set(answered.map((each) => each.answer!.address))],
    anonymity: (['transparent', 'anonymous', 'elite'] as const).find((level) => levels.includes(level)),
    echoed: overHttp.filter((each) => each.answer).map(({ echo }) => echo),
    replaced: overHttp.filter(isReplaced).map(({ echo }) => echo),
  }
}

/** `lost` is telling only when no target was reached: then it is the proxy that all of them have in common. */
function stateOf(kind: Probe['kind']): CheckRow['state'] {
  if (kind === 'answered') return 'alive'
  return kind === 'failed' || kind === 'lost' ? 'dead' : 'unclear'
}

function latencyOf({ exchange }: Probe): number {
  return exchange.firstByteMs ?? exchange.totalMs
}
