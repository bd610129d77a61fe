import type { HttpCache, KeptFailure, KeptResponse } from '../contracts/cache.ts'
import { RegattaError } from '../contracts/errors.ts'
import { type Fence, isObject } from './fence.ts'

/** A cache that throws, or returns no answer, has kept nothing: the page is asked for. What has a code is told as it is. */
export function fenceCache(own: HttpCache, fence: Fence): HttpCache {
  const threw = (method: string, error: unknown) => {
    if (error instanceof RegattaError) throw error
    fence.threw(`${method}() of the cache`, error, 'The crawl goes on as if nothing were kept.')
  }
  return {
    async get(request) {
      try {
        const kept: unknown = await own.get(request)
        if (kept === undefined || isKept(kept)) return kept
        const instead = 'The page is asked for.'
        fence.returned('get() of the cache', kept, 'an answer that was kept, or undefined', instead)
      } catch (error) {
        threw('get', error)
      }
      return undefined
    },
    async put(request, response) {
      try {
        await own.put(request, response)
      } catch (error) {
        threw('put', error)
      }
    },
    async failure(request, options) {
      try {
        const kept: unknown = await own.failure?.(request, options)
        if (kept === undefined || isFailure(kept)) return kept
        fence.returned(
          'failure() of the cache',
          kept,
          'a failure that was kept, or undefined',
          'The page is asked for.',
        )
      } catch (error) {
        threw('failure', error)
      }
      return undefined
    },
    async putFailure(request, failure) {
      try {
        await own.putFailure?.(request, failure)
      } catch (error) {
        threw('putFailure', error)
      }
    },
    close: () => own.close(),
  }
}

function isFailure(value: unknown): value is KeptFailure {
  if (!isObject(value)) return false
  const { code, detail, heads, keptAt } = value
  return (
    typeof code === 'string' &&
    typeof detail === 'string' &&
    Array.isArray(heads) &&
    typeof keptAt === 'number'
  )
}

function isKept(value: unknown): value is KeptResponse {
  if (!isObject(value) || value.kind !== 'response') return false
  const { url, status, headers, body, keptAt } = value
  const isAnswer = typeof url === 'string' && Number.isInteger(status) && isObject(headers)
  return isAnswer && body instanceof Uint8Array && typeof keptAt === 'number'
}
