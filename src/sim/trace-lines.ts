import { z } from 'zod'
import { RegattaError } from '../contracts/errors.ts'
import { phases, verdictKinds } from '../contracts/outcome.ts'
import { traceVersion } from '../observe/trace.ts'
import { faultCauses } from './trace-words.ts'

/**
 * The lines of a trace that a replay needs, checked one by one. A crawl that was killed leaves half a line at the end:
 * that one is left out; anything else that cannot be read is an error that names the line.
 */
const headerSchema = z.object({
  trace: z.number(),
  seed: z.number().int().min(0).max(0xffff_ffff),
  startedAt: z.number(),
  proxies: z.array(z.string()),
  options: z.record(z.string(), z.unknown()).default({}),
})

export type ReadHeader = z.output<typeof headerSchema>

const at = z.number().min(0)
const task = z.string()

const acceptedSchema = z.object({
  at,
  event: z.literal('task.accepted'),
  task,
  url: z.string(),
  host: z.string(),
})

const settledSchema = z.object({
  at,
  event: z.literal('task.settled'),
  task,
  ok: z.boolean(),
  reason: z.string(),
  elapsedMs: z.number(),
})

const outcomeSchema = z.object({
  at,
  event: z.literal('outcome'),
  task,
  host: z.string(),
  proxy: z.string(),
  verdict: z.enum(verdictKinds),
  reason: z.string(),
  terms: z
    .object({
      weight: z.number().optional(),
      hard: z.boolean().optional(),
      credential: z.boolean().optional(),
      permanent: z.boolean().optional(),
      limiter: z.enum(['host', 'proxy']).optional(),
      retryAfterMs: z.number().optional(),
    })
    .optional(),
  fault: z.object({ phase: z.enum(phases), cause: z.enum(faultCauses) }).optional(),
  status: z.number().optional(),
  firstByteMs: z.number().optional(),
  elapsedMs: z.number().min(0),
  bytes: z.number().min(0),
})

const stateSchema = z.object({
  at,
  event: z.literal('proxy.state'),
  proxy: z.string(),
  host: z.string().optional(),
  to: z.string(),
  reason: z.string(),
})

const schemas = {
  'task.accepted': acceptedSchema,
  'task.settled': settledSchema,
  outcome: outcomeSchema,
  'proxy.state': stateSchema,
} as const

export type ReadEvent =
  | z.output<typeof acceptedSchema>
  | z.output<typeof settledSchema>
  | z.output<typeof outcomeSchema>
  | z.output<typeof stateSchema>

export type ReadAccepted = z.output<typeof acceptedSchema>
export type ReadSettled = z.output<typeof settledSchema>
export type ReadOutcome = z.output<typeof outcomeSchema>

export interface TraceLines {
  readonly header: ReadHeader
  readonly events: readonly ReadEvent[]
}

/** Reads the lines of a trace, without their ends. `name` begins the sentence of an error. Throws SCENARIO_INVALID. */
export async function readTraceLines(
  lines: Iterable<string> | AsyncIterable<string>,
  name: string,
): Promise<TraceLines> {
  let header: ReadHeader | undefined
  const events: ReadEvent[] = []
  let torn: { readonly number: number; readonly why: string } | undefined
  let number = 0
  for await (const line of lines) {
    number++
    if (line.trim() === '') continue
    // Another line came after it: then it was not torn off at the end.
    if (torn) throw wrong(name, `line ${torn.number}: ${torn.why}`)
    const value = parseLine(line)
    if (value === undefined) torn = { number, why: 'it is no JSON object; the file is damaged' }
    else if (!header) header = readHeader(value, name)
    else {
      const event = readEvent(value, name, number)
      if (event) events.push(event)
    }
  }
  if (!header) {
    const why = torn ? `line ${torn.number}: ${torn.why}` : 'it is empty: nothing was recorded'
    throw wrong(name, `${why}. ${howToRecord}`)
  }
  return { header, events }
}

export const howToRecord = 'Record a crawl with: regatta crawl … --trace FILE'

export function wrong(name: string, why: string): RegattaError {
  return new RegattaError('SCENARIO_INVALID', `Trace ${name}: ${why}.`, { value: { path: name } })
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function readHeader(value: Record<string, unknown>, name: string): ReadHeader {
  if (typeof value.trace === 'number' && value.trace > traceVersion) {
    throw wrong(
      name,
      `it is of version ${value.trace}, and this Regatta reads ${traceVersion} at most; use the one that wrote it, or a newer one`,
    )
  }
  const parsed = headerSchema.safeParse(value)
  if (parsed.success && value.trace === traceVersion) return parsed.data
  throw wrong(name, `its first line is no trace's header. ${howToRecord}`)
}

function readEvent(value: Record<string, unknown>, name: string, number: number): ReadEvent | undefined {
  const { event } = value
  if (typeof event !== 'string' || !Object.hasOwn(schemas, event)) return undefined
  const parsed = schemas[event as keyof typeof schemas].safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw wrong(name, `line ${number}: "${issue.path.join('.')}" of ${event}: ${issue.message}`)
}
