import { faultOfHeaders } from '../base/header-field.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { SessionPass } from '../contracts/source-session.ts'

/** What `acquire` or `begin` has returned. Throws SOURCE_FAILED for what cannot be sent. */
export function passOf(given: unknown, call: 'acquire' | 'begin', source: string): SessionPass | undefined {
  if (given === undefined || given === null) return undefined
  const fault = faultOf(given)
  if (fault !== undefined) {
    const sentence = `session.${call}() of source "${source}" returned ${fault}. It returns { headers, query }, each texts by name, or nothing.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: undefined })
  }
  const { headers = {}, query = {} } = given as SessionPass
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { headers: Object.fromEntries(named), query }
}

function faultOf(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return Array.isArray(given) ? 'a list' : `a ${typeof given}`
  const { headers = {}, query = {}, ...rest } = given as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `an unknown member "${unknown}"`
  if (!areTexts(headers) || !areTexts(query)) return 'something else than texts by name'
  return faultOfHeaders(Object.entries(headers))
}

function areTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  )
}
