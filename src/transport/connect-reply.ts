import { parseDelay } from '../base/delay.ts'
import { parseHttpDate } from '../base/http-date.ts'
import type { FaultCause } from '../contracts/outcome.ts'
import { saysNotFound } from './name-failure.ts'
import { Failure } from './step-failure.ts'

/**
 * Why a proxy would not open a tunnel. The status alone says little (everything is a 502 to somebody), so the reason is
 * taken from where it is given: Proxy-Status (RFC 9209), and the error headers of providers, by their documented codes.
 */
export function connectFailure(status: number, headers: ReadonlyMap<string, string>, wall: number): Failure {
  const token = proxyStatusError(headers.get('proxy-status'))
  const cause =
    byStatus(status) ??
    byName(headers) ??
    byToken(token) ??
    byProvider(headers) ??
    (status < 400 ? 'handshake-garbage' : 'connect-failed')
  const reason = token === undefined ? '' : ` and ${token}`
  // Measured by the proxy's own clock, where it tells the time.
  const now = parseHttpDate(headers.get('date') ?? '', wall) ?? wall
  const retryAfterMs = parseDelay(headers.get('retry-after'), now)
  return new Failure(
    'handshake',
    cause,
    `The proxy answered CONNECT with ${status}${reason}.`,
    status,
    retryAfterMs,
  )
}

function byStatus(status: number): FaultCause | undefined {
  switch (status) {
    case 402:
      return 'proxy-quota'
    case 403:
    case 405:
    case 501:
      return 'connect-forbidden'
    case 407:
      return 'proxy-auth'
    case 429:
      return 'proxy-busy'
  }
  return undefined
}

/** The error types of RFC 9209, section 2.3. */
const tokens: Readonly<Record<string, FaultCause>> = {
  dns_timeout: 'connect-target',
  dns_error: 'connect-target',
  destination_unavailable: 'connect-target',
  destination_ip_unroutable: 'connect-target',
  destination_ip_prohibited: 'connect-forbidden',
  connection_refused: 'connect-target',
  connection_terminated: 'connect-target',
  connection_timeout: 'connect-target',
  connection_read_timeout: 'connect-target',
  connection_write_timeout: 'connect-target',
  connection_limit_reached: 'proxy-busy',
  tls_protocol_error: 'connect-target',
  tls_certificate_error: 'connect-target',
  tls_alert_received: 'connect-target',
  http_request_error: 'connect-forbidden',
  http_request_denied: 'connect-forbidden',
  proxy_internal_response: 'connect-proxy-error',
  proxy_internal_error: 'connect-proxy-error',
  proxy_configuration_error: 'connect-proxy-error',
  proxy_loop_detected: 'connect-proxy-error',
}

function byName(headers: ReadonlyMap<string, string>): FaultCause | undefined {
  const isUnknown = saysNotFound(headers.get('proxy-status'), headers.get('x-squid-error'))
  return isUnknown ? 'host-not-found' : undefined
}

function byToken(token: string | undefined): FaultCause | undefined {
  return token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined
}

/** The first `error` parameter of a Proxy-Status field: that of the hop nearest to the target. */
function proxyStatusError(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const unquoted = value.replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)/gs, '""')
  return /;\s*error\s*=\s*([a-z_]+)/.exec(unquoted)?.[1]
}

/** Families of the codes in Bright Data's `x-brd-err-code` (`target_40001`) and Zyte's `zyte-error-type` (`/auth/…`). */
const families: Readonly<Record<string, FaultCause>> = {
  target: 'connect-target',
  policy: 'connect-forbidden',
  client: 'connect-forbidden',
  proxy: 'connect-proxy-error',
  peer: 'connect-failed',
  auth: 'proxy-auth',
  limits: 'proxy-busy',
  download: 'connect-target',
  request: 'connect-forbidden',
}

function byProvider(headers: ReadonlyMap<string, string>): FaultCause | undefined {
  const code = headers.get('x-brd-err-code') ?? headers.get('zyte-error-type')
  if (code === undefined) return undefined
  const plain = byToken(code)
  if (plain) return plain
  const family = /^\/?([a-z]+)[_/]/.exec(code)?.[1]
  return family !== undefined && Object.hasOwn(families, family) ? families[family] : undefined
}
