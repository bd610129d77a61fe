import type { Strategy } from '../contracts/strategy.ts'
import { type HedgeOptions, hedgeSchema, type Options, type Politeness, politenessSchema } from './options.ts'

/** What one pool obeys: the crawler's options with the overrides of its host on top. */
export interface HostSettings {
  /** Milliseconds between two requests of one proxy to this host. */
  readonly interval: number
  /** Milliseconds between two requests to this host, whatever the proxy. */
  readonly hostInterval: number
  readonly hostConcurrency: Politeness['hostConcurrency']
  readonly hedge: HedgeOptions | false
  readonly strategy: Options['strategy'] | Strategy
  readonly headers: Readonly<Record<string, string>>
}

export function settingsFor(host: string, options: Options): HostSettings {
  const override = options.hosts[bestPattern(host, Object.keys(options.hosts)) ?? ''] ?? {}
  // Parsed again: what is off for all and on for one host takes the defaults for what the override leaves out.
  const gates = merge(options.politeness, override.politeness)
  const politeness = gates && politenessSchema.parse(gates)
  const hedge = merge(options.hedge, override.hedge)
  return {
    interval: politeness ? politeness.interval : 0,
    hostInterval: politeness ? politeness.hostInterval : 0,
    hostConcurrency: politeness ? politeness.hostConcurrency : false,
    hedge: hedge && hedgeSchema.parse(hedge),
    strategy: override.strategy ?? options.strategy,
    headers: override.headers ?? {},
  }
}

/** The most specific pattern that matches: the name itself, else the longest `*.suffix`. */
export function bestPattern(host: string, patterns: readonly string[]): string | undefined {
  const name = host.replace(/:\d+$/, '')
  if (patterns.includes(host)) return host
  if (patterns.includes(name)) return name
  return patterns
    .filter((pattern) => pattern.startsWith('*.') && name.endsWith(pattern.slice(1)))
    .sort((one, other) => other.length - one.length)[0]
}

function merge<Value extends object>(
  base: Value | false,
  override: Partial<Value> | false | undefined,
): Partial<Value> | false {
  if (override === undefined) return base
  if (override === false) return false
  return { ...(base || {}), ...withoutUndefined(override) } as Partial<Value>
}

function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<Value>
}
