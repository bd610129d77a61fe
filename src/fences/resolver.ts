import { faultOfHeaders } from '../base/header-field.ts'
import type { Options } from '../options/options.ts'
import { type Fence, isObject } from './fence.ts'

type Resolve = NonNullable<Options['resolveChallenge']>

const what = 'resolveChallenge'
const instead = 'The challenge counts as not solved.'

/** A resolver that throws, or returns no headers, has not solved the challenge. */
export function fenceResolver(own: Resolve, fence: Fence): Resolve {
  return async (response, request) => {
    try {
      const headers: unknown = await own(response, request)
      if (headers === undefined) return undefined
      if (isHeaders(headers)) return headers
      fence.returned(what, headers, 'headers by name, or undefined', instead)
    } catch (error) {
      fence.threw(what, error, instead)
    }
    return undefined
  }
}

function isHeaders(value: unknown): value is Record<string, string> {
  if (!isObject(value) || Array.isArray(value)) return false
  return faultOfHeaders(Object.entries(value)) === undefined
}
