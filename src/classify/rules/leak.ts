import { dead } from '../verdicts.ts'
import { latin1, type Rule } from '../view.ts'

/**
 * Row 48, as far as one exchange can tell: an answer that holds an address of ours says that the proxy passes it on.
 * Only small text is read (an address echo, a header echo), and only when the caller names the addresses of this machine. Whether an
 * exit is the expected one, or has changed within a session, takes several exchanges.
 */
const limit = 4_096

export function createLeakRule(ownAddresses: readonly string[]): Rule {
  return {
    name: 'leak',
    judge(response, view) {
      if (view.proxy.protocol === 'direct' || response.body.length > limit || response.body.length < 7)
        return undefined
      const text = latin1(response.body, 0, limit)
      const shown = ownAddresses.some((address) => stands(text, address))
      return shown ? dead('leak', { permanent: true }) : undefined
    },
  }
}

/** Whether it stands alone, not inside a longer address. */
function stands(text: string, address: string): boolean {
  for (let at = text.indexOf(address); at >= 0; at = text.indexOf(address, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text[at + address.length] ?? ' '
    const continues = after === '.' ? /\d/.test(text[at + address.length + 1] ?? ' ') : /[\da-f]/i.test(after)
    if (!/[\da-f.]/i.test(before) && !continues) return true
  }
  return false
}
