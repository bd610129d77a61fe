import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Fence } from './fence.ts'

/**
 * A request whose pool is not known cannot be gated as its user wants, so a function that throws is an error for the one
 * that asked. What is no name is replaced by the host: that is the default.
 */
export function fenceHostKey(own: (url: URL) => string, fence: Fence): (url: URL) => string {
  return (url) => {
    const { host, origin } = url
    let key: unknown
    try {
      key = own(url)
    } catch (error) {
      throw new RegattaError(
        'EXTENSION_FAILED',
        `hostKey threw for ${origin}: ${messageOf(error)}. Mend the function, or leave the option out.`,
        { value: { extension: 'hostKey' }, cause: error },
      )
    }
    if (typeof key === 'string' && key !== '') return key
    fence.returned('hostKey', key, 'the name of a pool', 'The host is taken for it.')
    return host
  }
}
