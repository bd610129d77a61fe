import type { Attributes } from '@opentelemetry/api'
import { isSecretName } from '../../base/redact.ts'

/**
 * What the stable semantic conventions say of an HTTP request: https://opentelemetry.io/docs/specs/semconv/http/. A URL is told
 * without user and password, and without query values whose names say that they are secret, signatures of cloud storage among
 * them; what stands behind `#` is never sent, and not told.
 */
export interface HttpTarget {
  readonly scheme: string
  readonly address: string
  readonly port: number
  /** `url.full` */
  readonly full: string
}

/** Undefined for what is no URL of the web. */
export function targetOf(text: string): HttpTarget | undefined {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const scheme = url.protocol.slice(0, -1)
  const login = url.username === '' && url.password === '' ? '' : 'REDACTED:REDACTED@'
  return {
    scheme,
    address: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    full: `${scheme}://${login}${url.host}${url.pathname}${url.search.replace(pair, withoutValue)}`,
  }
}

const pair = /([?&;])([^?=&;]+)=([^&;]+)/g

function withoutValue(whole: string, mark: string, name: string): string {
  return isSecretName(decoded(name)) ? `${mark}${name}=REDACTED` : whole
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

const methods = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
  'QUERY',
])

/** A method that is none of HTTP's would be a name that others choose: the conventions call it `_OTHER`. */
export function methodOf(method: string): string {
  return methods.has(method) ? method : '_OTHER'
}

/** A span's name. */
export function nameOf(method: string): string {
  return methods.has(method) ? method : 'HTTP'
}

/** What an attempt ended with: its status, and what makes it an error by the conventions. */
export function endOf({ status, fault }: Ended): Attributes {
  const type = fault?.cause ?? (status !== undefined && status >= 400 ? String(status) : undefined)
  return {
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(type !== undefined && { 'error.type': type }),
  }
}

interface Ended {
  readonly status: number | undefined
  readonly fault?: { readonly cause: string } | undefined
}
