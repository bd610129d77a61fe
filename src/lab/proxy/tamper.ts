import type { Lie } from '../lies/lies.ts'
import { headerOf } from '../origin/origin-exchange.ts'
import { notice } from '../origin/reply.ts'
import type { Fault } from './behaviour.ts'

/** What dishonest and broken proxies make of a whole plain response: parts to send, and what comes behind them. */
export interface Tampered {
  readonly head: Buffer
  readonly body: Buffer
  readonly after?: 'reset' | 'end'
}

const styles = {
  replace: notice(200, 'Best offers today', '<p>Win a boat. Click here.</p>'),
  portal: notice(
    200,
    'Sign in to the network',
    '<form action="http://portal.lab/login"><input name="room"></form>',
  ),
  'top-up': notice(200, 'Balance exhausted', '<p>Your proxy plan has ended. Please top up your account.</p>'),
  captcha: notice(
    200,
    'Are you a robot?',
    '<div class="g-recaptcha"></div><p>Solve the CAPTCHA to continue.</p>',
  ),
}
const garbled = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\x00\x01\x02\r\n')
const advertisement =
  '<script src="http://ads.lab/inject.js"></script><div class="injected-ad">Buy a boat</div>'

/** What becomes of one response: a fault of the proxy, a cut, or a lie that is told. */
export type Tampering = Fault | { readonly kind: 'cut' } | { readonly kind: 'told'; readonly lie: Lie }

export function tamper(fault: Tampering, response: Buffer, previous: Buffer | undefined): Tampered {
  const start = response.indexOf('\r\n\r\n') + 4
  const head = response.subarray(0, start)
  const body = response.subarray(start)
  switch (fault.kind) {
    case 'cut':
    case 'reset-mid-body':
      return { head, body: body.subarray(0, body.length >> 1), after: 'reset' }
    case 'truncate':
      return {
        head,
        body: body.subarray(0, Math.min(body.length - 1, Math.floor(body.length * 0.99))),
        after: 'end',
      }
    case 'swap': {
      const other = previous ?? response
      const at = other.indexOf('\r\n\r\n') + 4
      return { head: other.subarray(0, at), body: other.subarray(at) }
    }
    case 'garble':
      return split(garbled)
    case 'told':
      return split(fault.lie(response))
    case 'inject':
      return fault.style === 'ads' ? advertise(head, body) : split(styles[fault.style].wire)
    default:
      return { head, body }
  }
}

function advertise(head: Buffer, body: Buffer): Tampered {
  const text = body.toString('latin1')
  const at = text.lastIndexOf('</body>')
  const mixed = at < 0 ? text + advertisement : text.slice(0, at) + advertisement + text.slice(at)
  const before = head.toString('latin1')
  if (headerOf(before, 'content-length') === undefined) return { head, body }
  const after = before.replace(/(\r\ncontent-length:\s*)\d+/i, `$1${mixed.length}`)
  return { head: Buffer.from(after, 'latin1'), body: Buffer.from(mixed, 'latin1') }
}

function split(response: Buffer): Tampered {
  const at = response.indexOf('\r\n\r\n') + 4
  return { head: response.subarray(0, at), body: response.subarray(at) }
}
