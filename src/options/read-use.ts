import { z } from 'zod'
import { showGiven } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyFilter, ProxyUse } from '../contracts/proxy-filter.ts'
import { readFilter } from './filter-text.ts'
import { optionInvalid } from './option-problem.ts'
import { proxyFilterSchema } from './proxy-schemas.ts'

/**
 * Which proxies a request may use, as its caller has said it: a text, an object, or several of them, which must all be
 * passed. Undefined where nothing is asked for, so that a request without a filter costs nothing later.
 */
export function readUse(given: ProxyUse | undefined): readonly ProxyFilter[] | undefined {
  if (given === undefined) return undefined
  const filters = (Array.isArray(given) ? given : [given])
    .map(readOne)
    .filter((filter) => Object.values(filter).some((wanted) => wanted !== undefined))
  return filters.length === 0 ? undefined : filters
}

/** What passes all of both. */
export function bothOf(
  one: readonly ProxyFilter[] | undefined,
  other: readonly ProxyFilter[] | undefined,
): readonly ProxyFilter[] | undefined {
  return one && other ? [...one, ...other] : (one ?? other)
}

/** Whether it can be read. */
export function isUse(given: unknown): boolean {
  try {
    readUse(given as ProxyUse)
    return true
  } catch {
    return false
  }
}

/** What is expected, in words. */
export const useExpected =
  "a filter of proxies, such as 'country=US|CA,class=residential' or { country: 'US' }"

/** As it stands among options: what is wrong is named by its whole path. */
const placed = z.strictObject({ use: proxyFilterSchema })

/** Throws OPTION_INVALID naming the option and the property. */
function readOne(given: unknown): ProxyFilter {
  if (typeof given === 'string') return readFilter(given)
  if (typeof given !== 'object' || given === null) {
    const problem = `expected ${useExpected} (got ${showGiven(given, true)})`
    throw new RegattaError('OPTION_INVALID', `Option "use": ${problem}.`, { value: { path: 'use' } })
  }
  const options = { use: given }
  const parsed = placed.safeParse(options)
  if (parsed.success) return parsed.data.use
  throw optionInvalid(placed, options, parsed.error)
}
