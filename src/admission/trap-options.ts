import { z } from 'zod'
import type { TrapOptions } from '../contracts/trap-options.ts'
import { optionInvalid } from '../options/option-problem.ts'

/** contracts/trap-options.ts says what the options mean; this holds their ranges and defaults. */
const limit = (low: number, high: number) => z.union([z.literal(false), z.number().int().min(low).max(high)])

const schema = z.strictObject({
  depth: limit(0, 1_000_000).default(false),
  urlLength: limit(20, 100_000).default(2_083),
  pathSegments: limit(1, 1_000).default(30),
  repetition: limit(2, 100).default(3),
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
  barren: limit(1, 1_000_000).default(200),
  echoes: limit(0, 1_000_000).default(20),
  perTemplate: limit(1, 1_000_000_000).default(false),
}) satisfies z.ZodType<unknown, TrapOptions>

export type TrapLimits = z.output<typeof schema>

/** As it stands among the options of a crawl: what is wrong is named by its whole path. */
const placed = z.strictObject({ traps: schema })

/** Throws OPTION_INVALID naming the option. */
export function parseTrapOptions(options: TrapOptions): TrapLimits {
  const given = { traps: options }
  const parsed = placed.safeParse(given)
  if (parsed.success) return parsed.data.traps
  throw optionInvalid(placed, given, parsed.error)
}
