import { z } from 'zod'
import { originSchema } from './origin/manners.ts'
import { proxySchema } from './proxy/behaviour.ts'
import { parseWith } from './scenario-part.ts'
import { timelineSchema } from './timeline.ts'
import { workSchema } from './work.ts'

/** What a lab is built from: plain data, so it can be stored, sent to another process, and repeated from its seed. */
export const scenarioSchema = z.strictObject({
  /** For people. Default `lab`. */
  name: z.string().min(1).max(100).default('lab'),
  /** The world's luck: the same seed gives the same pages, latencies and failures. Default 1. */
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  /** Sites by name; at least one. */
  origins: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected a name: a–z, 0–9, -'), originSchema)
    .refine((origins) => Object.keys(origins).length > 0, 'expected at least one origin'),
  proxies: z.array(proxySchema).max(10_000).default([]),
  /** What changes by itself, and when. */
  timeline: timelineSchema,
  /** What the simulator crawls, and how; a lab leaves that to its visitors. */
  work: workSchema,
  /** Rows that each origin's book keeps; older ones go, the totals stay. Default 100,000. */
  bookRows: z.number().int().min(0).max(10_000_000).default(100_000),
})

/** What a person writes: everything with a default may be left out. */
export type Scenario = z.input<typeof scenarioSchema>
export type ParsedScenario = z.output<typeof scenarioSchema>

/** Throws SCENARIO_INVALID, naming the path of the first thing that is wrong. */
export function parseScenario(value: unknown): ParsedScenario {
  return parseWith(scenarioSchema, value, 'Scenario')
}
