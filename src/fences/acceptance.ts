import { type Accept, type Acceptance, acceptExpected, isAccept } from '../contracts/acceptance.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { Fence } from './fence.ts'

const instead = 'The rules judge the answer.'

/** A function that throws, or answers neither true nor false, accepts nothing. Throws OPTION_INVALID for what is none. */
export function fenceAcceptance<Own extends Acceptance>(own: Own, fence: Fence): Own {
  const { accept, judge } = own
  if (judge !== undefined && typeof judge !== 'boolean') throw invalid('judge', 'true or false')
  if (accept === undefined) return own
  if (!isAccept(accept)) throw invalid('accept', acceptExpected)
  return typeof accept === 'function' ? { ...own, accept: fenceAccept(accept, 'accept()', fence) } : own
}

export function fenceAccept(
  own: Extract<Accept, (response: HttpResponse) => boolean>,
  what: string,
  fence: Fence,
): Accept {
  return (response) => {
    try {
      const said: unknown = own(response)
      if (typeof said === 'boolean') return said
      fence.returned(what, said, 'true or false', instead)
    } catch (error) {
      fence.threw(what, error, instead)
    }
    return false
  }
}

function invalid(path: string, expected: string): RegattaError {
  return new RegattaError('OPTION_INVALID', `Option "${path}": expected ${expected}.`, { value: { path } })
}
