import { z } from 'zod'
import { RegattaError } from '../errors.ts'
import { originSchema } from './origin/manners.ts'
import { proxySchema } from './proxy/behaviour.ts'

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

/** Parses one part of a scenario; `what` begins the sentence of the error. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = deepest(parsed.error.issues[0]!)
  const path = issue.path.map(String).join('.')
  throw new RegattaError('SCENARIO_INVALID', `${what}${path ? ` "${path}"` : ''}: ${issue.message}.`, {
    value: { path, issues: parsed.error.issues.map((each) => ({ path: each.path, message: each.message })) },
  })
}

interface Issue {
  readonly code?: string | undefined
  readonly path: PropertyKey[]
  readonly message: string
  readonly errors?: Issue[][]
}

/** Of a failed union, the branch that came furthest: its complaint is the one that helps. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || !issue.errors) return issue
  let best: Issue | undefined
  for (const branch of issue.errors) {
    const first = branch[0] && deepest(branch[0])
    if (first && first.path.length > (best?.path.length ?? 0)) best = first
  }
  return best ? { ...best, path: [...issue.path, ...best.path] } : issue
}
