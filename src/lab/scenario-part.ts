import type { z } from 'zod'
import { RegattaError } from '../contracts/errors.ts'

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
    value: {
      path,
      issues: parsed.error.issues.map((each) => ({
        path: each.path.map(String).join('.'),
        message: each.message,
      })),
    },
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
