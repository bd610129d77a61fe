import { z } from 'zod'

/** A param: where an interface is, `service` by default. Another place is a proxy of it, a mock, or an origin of the lab. */
export const baseUrl = (service: string) =>
  z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).default(service)

/** What a query may say; what is undefined or null is left out. */
export type QueryValues = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The URL of `path` below `base`, which may have a path of its own. `path` is as it is sent: encode what stands in it. */
export function endpoint(base: string, path: string, query: QueryValues = {}): string {
  const url = new URL(base)
  const { pathname } = url
  url.pathname = `${pathname.endsWith('/') ? pathname.slice(0, -1) : pathname}${path}`
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value))
  }
  return url.href
}
