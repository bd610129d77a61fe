import { headerOf } from './retry-after.ts'

/**
 * What a proxy says about its own failure, in headers: Proxy-Status (RFC 9209, 2.3 error types) and the headers of a few
 * vendors. The outcome is whose trouble it is, not the exact error.
 */
export type ProxyError =
  | 'target' // it could not reach the host
  | 'proxy' // its own failure
  | 'policy' // it does not serve this host, port or request
  | 'quota'
  | 'busy'

const errorTypes: Readonly<Record<string, ProxyError>> = {
  dns_timeout: 'target',
  dns_error: 'target',
  destination_not_found: 'target',
  destination_unavailable: 'target',
  destination_ip_prohibited: 'policy',
  destination_ip_unroutable: 'target',
  connection_refused: 'target',
  connection_terminated: 'target',
  connection_timeout: 'target',
  connection_read_timeout: 'target',
  connection_write_timeout: 'target',
  connection_limit_reached: 'busy',
  tls_protocol_error: 'target',
  tls_certificate_error: 'target',
  tls_alert_received: 'target',
  http_request_error: 'policy',
  http_request_denied: 'policy',
  http_response_incomplete: 'target',
  http_response_timeout: 'target',
  http_protocol_error: 'target',
  http_upgrade_failed: 'target',
  proxy_internal_response: 'proxy',
  proxy_internal_error: 'proxy',
  proxy_configuration_error: 'proxy',
  proxy_loop_detected: 'proxy',
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

export function proxyErrorOf(headers: Headers): ProxyError | undefined {
  const status = headers['proxy-status']
  if (status !== undefined) {
    // The last member is the hop next to us: the one that reports.
    const text = typeof status === 'string' ? status : status.join(',')
    const error = [...text.matchAll(/;\s*error\s*=\s*"?([a-z_]+)/g)].at(-1)?.[1]
    if (error !== undefined)
      return errorTypes[error] ?? (error.startsWith('http_response_') ? 'target' : 'proxy')
  }
  return vendorError(headers)
}

/** `x-brd-err-code: policy_20130` and its like: a family word, then a number. */
function vendorError(headers: Headers): ProxyError | undefined {
  const text =
    headerOf(headers, 'x-brd-err-code') ??
    headerOf(headers, 'x-brd-error') ??
    headerOf(headers, 'x-luminati-error') ??
    headerOf(headers, 'zyte-error-type') ??
    headerOf(headers, 'x-proxy-error')
  if (text === undefined) return undefined
  if (/quota|balance|suspend|payment|account|limit-exceeded|usage/i.test(text)) return 'quota'
  if (/rate|throttl|too many|session limit|over-user-limit|busy/i.test(text)) return 'busy'
  if (/policy|denied|forbidden|not allowed|robots/i.test(text)) return 'policy'
  if (/target|dns|resolve|destination|website|peer|upstream|connection_refused/i.test(text)) return 'target'
  return 'proxy'
}
