import { z } from 'zod'
import { RegattaError } from '../errors.ts'

/** Limits that tell a trap from a site. A number counts what it names; false lifts it. */
const limit = (low: number, high: number) => z.union([z.literal(false), z.number().int().min(low).max(high)])

const schema = z.strictObject({
  /** Hops from a seed. Default: none, because the last page of a long list is as many hops away as it has pages. */
  depth: limit(0, 1_000_000).default(false),
  /** Characters of a URL. Default 2,083, what Internet Explorer could open: nobody published longer ones for long. */
  urlLength: limit(20, 100_000).default(2_083),
  /** Segments of a path. Default 30: the deepest source trees have about 25; Heritrix draws the line at 20. */
  pathSegments: limit(1, 1_000).default(30),
  /** Times that a sequence of segments, or a pair of the query, may follow itself. Default 3 (see repetition.ts). */
  repetition: limit(2, 100).default(3),
  /** Years that a page with "calendar" or the like in its URL may show: from 1990 to two years from now; and how many such
   * pages of one template are added, default 2,000: every day of five years. */
  calendar: z
    .union([
      z.literal(false),
      z.strictObject({
        from: z.number().int().min(0).max(9_999).default(1_990),
        ahead: z.number().int().min(0).max(1_000).default(2),
        pages: limit(1, 1_000_000_000).default(2_000),
      }),
    ])
    .prefault({}),
  /** Pages in a row that bring nothing and lead to their own kind only, until their template is left alone. Default 200:
   * seventeen years of empty months. Five times as many when their words differ, 25 times when query names are added. */
  barren: limit(1, 1_000_000).default(200),
  /** Pages with the same bytes as one further up their own path, per host, before their relative links are dropped.
   * Default 20. */
  echoes: limit(0, 1_000_000).default(20),
  /** Distinct URLs of one template (`/product/{number}`). Default: none, because there are shops with millions. */
  perTemplate: limit(1, 1_000_000_000).default(false),
})

export type TrapOptions = z.input<typeof schema>
export type TrapLimits = z.output<typeof schema>

/** Throws OPTION_INVALID naming the option. */
export function parseTrapOptions(options: TrapOptions): TrapLimits {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const path = ['traps', ...issue.path].map(String).join('.')
  throw new RegattaError('OPTION_INVALID', `Option "${path}": ${issue.message}.`, {
    value: { path, issues: parsed.error.issues.map((each) => ({ path: each.path, message: each.message })) },
  })
}
