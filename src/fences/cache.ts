import type { HttpCache, KeptResponse } from '../contracts/cache.ts'
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
    close: () => own.close(),
  }
}

function isKept(value: unknown): value is KeptResponse {
  if (!isObject(value) || value.kind !== 'response') return false
  const { url, status, headers, body, keptAt } = value
  const isAnswer = typeof url === 'string' && Number.isInteger(status) && isObject(headers)
  return isAnswer && body instanceof Uint8Array && typeof keptAt === 'number'
}
