import { faultOfHeaders } from '../base/header-field.ts'
import type { Options } from '../options/options.ts'
import { type Fence, isObject } from './fence.ts'

type Resolve = NonNullable<Options['resolveChallenge']>

const what = 'resolveChallenge'
const instead = 'The challenge counts as not solved.'

/** A resolver that throws, or returns no headers, has not solved the challenge. */
export function fenceResolver(own: Resolve, fence: Fence): Resolve {
  return async (response, request, proxy) => {
    try {
      const headers: unknown = await own(response, request, proxy)
      if (headers === undefined) return undefined
      if (isHeaders(headers)) return headers
      fence.returned(what, headers, 'headers by name, or undefined', instead)
    } catch (error) {
      fence.threw(what, error, instead)
    }
    return undefined
  }
}

type Prepare = NonNullable<Options['prepareRequest']>

const added = 'prepareRequest'
const without = 'The request is sent as it is.'

/** A request is never held up by what somebody wanted to add to it. */
export function fencePrepare(own: Prepare, fence: Fence): Prepare {
  return (request, proxy) => {
    try {
      const headers: unknown = own(request, proxy)
      if (headers === undefined) return undefined
      if (isHeaders(headers)) {
        return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
      }
      fence.returned(added, headers, 'headers by name, or undefined', without)
    } catch (error) {
      fence.threw(added, error, without)
    }
    return undefined
  }
}

function isHeaders(value: unknown): value is Record<string, string> {
  if (!isObject(value) || Array.isArray(value)) return false
  return faultOfHeaders(Object.entries(value)) === undefined
}
