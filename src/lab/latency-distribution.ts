import { z } from 'zod'
import { normal, type Random, uniform } from '../base/random.ts'

/**
 * How long something takes, as a distribution. Real response times are skewed to the right; a log-normal with the
 * median people quote and a sigma of about 0.3 fits a steady proxy, 1 and more a bad one.
 */
const milliseconds = z.number().min(0).max(3_600_000)

export const latencySchema = z.union([
  /** A number is short for `fixed`. */
  milliseconds.transform((ms) => ({ kind: 'fixed' as const, ms })),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('fixed'), ms: milliseconds }),
    z.strictObject({ kind: z.literal('uniform'), lowMs: milliseconds, highMs: milliseconds }),
    z.strictObject({
      kind: z.literal('lognormal'),
      medianMs: milliseconds,
      sigma: z.number().min(0).max(3).default(0.3),
    }),
  ]),
])

export type Latency = z.output<typeof latencySchema>

/** One draw, in milliseconds. */
export function drawLatency(latency: Latency, random: Random): number {
  if (latency.kind === 'fixed') return latency.ms
  if (latency.kind === 'uniform') return uniform(random, latency.lowMs, latency.highMs)
  return latency.medianMs * Math.exp(latency.sigma * normal(random))
}
