import { faultOfHeaders } from '../base/header-field.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Credentials, SessionPass } from '../contracts/source-session.ts'

/** What `acquire` or `begin` has returned. Throws SOURCE_FAILED for what cannot be sent. */
export function passOf(given: unknown, call: 'acquire' | 'begin', source: string): SessionPass | undefined {
  return readPass(given, `session.${call}() of source "${source}"`)
}

/** What `credentials` has returned. Throws SOURCE_FAILED for what cannot be sent. */
export function credentialsOf(given: unknown, source: string): Credentials | undefined {
  const call = `credentials() of source "${source}"`
  if (!isRecord(given) || given.origin === undefined) return readPass(given, call)
  const { origin, ...pass } = given
  const parsed = typeof origin === 'string' ? URL.parse(origin) : null
  if (parsed === null || parsed.origin === 'null') {
    const sentence = `${call} returned an origin that is none. It is one like https://api.example.com.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: undefined })
  }
  return { ...readPass(pass, call), origin: parsed.origin }
}

function readPass(given: unknown, call: string): SessionPass | undefined {
  if (given === undefined || given === null) return undefined
  const fault = faultOf(given)
  if (fault !== undefined) {
    const sentence = `${call} returned ${fault}. It returns { headers, query }, each texts by name, or nothing.`
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
  return isRecord(value) && Object.values(value).every((each) => typeof each === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
