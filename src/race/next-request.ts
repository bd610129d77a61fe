import { isSecretName } from '../base/redact.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { HostSettings } from '../options/host-settings.ts'

/**
 * The request that a redirect asks for, by the rules of the Fetch standard ("HTTP-redirect fetch"): 303 and the POST habit
 * of 301 and 302 turn into a GET without body; what proves who we are does not go to another origin (also not to another
 * port, or from https to http); a fragment stays where the redirect names none. What is meant for one host does not go to
 * another, which gets its own instead. A login in the new URL is for that host, and is sent as browsers and curl send it.
 */
export function nextRequest(
  before: FetchRequest,
  status: number,
  to: URL,
  { settings, allowPrivate }: { readonly settings: HostSettings; readonly allowPrivate: boolean },
): FetchRequest {
  const from = new URL(before.url)
  const { method } = before
  const turnsToGet =
    status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST'
  const leaves = to.origin !== from.origin
  const { body, elsewhere, ...rest } = before
  const headers = leaves ? headersElsewhere(before, settings, isUpgrade(from, to)) : { ...before.headers }
  if (turnsToGet) for (const name of ofBody) delete headers[name]
  const login = loginOf(to)
  if (login !== undefined) headers.authorization = login
  const next = { ...rest, url: addressOf(to, from), headers, allowPrivate }
  const keeps = leaves ? settings.elsewhere : elsewhere
  if (turnsToGet) return { ...next, elsewhere: keeps, method: 'GET', idempotent: true }
  return { ...next, elsewhere: keeps, ...(body !== undefined && { body }) }
}

/** Headers that speak of a body. */
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length']

function headersElsewhere(
  { headers, elsewhere }: FetchRequest,
  settings: HostSettings,
  isUpgraded: boolean,
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in headers) {
    if (name === 'authorization' || name === 'cookie' || name === 'host') continue
    const isReplaced = !isUpgraded && elsewhere !== undefined && Object.hasOwn(elsewhere, name)
    // The key to an interface is as good as a login, whatever its header is called.
    if (!isUpgraded && !isReplaced && isSecretName(name)) continue
    const value = isReplaced ? elsewhere[name] : headers[name]
    if (value !== undefined) kept[name] = value
  }
  // What the new host is given in place of what all are given, unless the caller has said otherwise.
  for (const name in settings.elsewhere) {
    if (kept[name] === settings.elsewhere[name]) kept[name] = settings.headers[name]!
  }
  return kept
}

function addressOf(to: URL, from: URL): string {
  const bare = new URL(to)
  bare.username = ''
  bare.password = ''
  if (!to.href.includes('#')) bare.hash = from.hash
  return bare.href
}

function loginOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The same host, from plain HTTP at its usual port to TLS at its usual port. */
function isUpgrade(from: URL, to: URL): boolean {
  const isUsual = from.port === '' && to.port === ''
  return isUsual && from.hostname === to.hostname && from.protocol === 'http:' && to.protocol === 'https:'
}
