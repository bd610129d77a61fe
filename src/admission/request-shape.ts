import { faultOfHeaders } from '../base/header-field.ts'
import { httpMethod } from '../base/http-method.ts'
import { nearest } from '../base/nearest.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { PageLink } from '../contracts/page.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import { isUse, useExpected } from '../options/read-use.ts'

/**
 * What a source may say of a request. A misspelt member would be no member at all: a `lable` leads its page to the wrong
 * handler, and a `delay` to no delay. Compilers see some of them, and only where a request is written out.
 */
type Named = keyof RequestInput

const members: Readonly<Record<Named, { readonly expected: string; fits(value: unknown): boolean }>> = {
  url: {
    expected: 'a URL',
    fits: (value) => typeof value === 'string' || value instanceof URL,
  },
  method: { expected: 'a method of HTTP that asks for a page', fits: isMethod },
  headers: { expected: 'headers by name', fits: isObject },
  body: {
    expected: 'a string',
    fits: (value) => typeof value === 'string' || value instanceof Uint8Array,
  },
  idempotent: ofType('boolean'),
  session: ofType('string'),
  use: { expected: useExpected, fits: isUse },
  priority: { expected: 'a number from 0 to 7', fits: Number.isFinite },
  label: ofType('string'),
  data: { expected: 'anything', fits: () => true },
  key: ofType('string'),
  delayMs: { expected: 'milliseconds from 0', fits: (value) => Number.isFinite(value) && Number(value) >= 0 },
}

/** What a link of `page.links` and a request of the crawl have besides; of no meaning here, and no mistake. */
const passedOver: readonly string[] = [
  'rel' satisfies keyof PageLink,
  ...([
    'id',
    'source',
    'host',
    'depth',
    'referrer',
    'elsewhere',
    'proxy',
    'redirect',
  ] satisfies (keyof CrawlRequest)[]),
]

/** Throws SOURCE_FAILED naming the member, and the one that was meant. */
export function assertRequest(request: RequestInput, source: string): void {
  for (const name in request) {
    const value = request[name as Named]
    if (value === undefined || passedOver.includes(name)) continue
    const member = Object.hasOwn(members, name) ? members[name as Named] : undefined
    if (!member) throw failure(request, source, `has a member "${name}", which means nothing${hint(name)}`)
    if (!member.fits(value)) throw failure(request, source, `has a "${name}" that is not ${member.expected}`)
    const fault = name === 'headers' ? faultOfHeaders(Object.entries(value as object)) : undefined
    if (fault !== undefined) throw failure(request, source, `has a header that cannot be sent, ${fault}`)
  }
}

function failure({ url, label }: RequestInput, source: string, problem: string): RegattaError {
  const shown = String(url)
    .replace(/\/\/[^/]*@/, '//…@')
    .slice(0, 200)
  return new RegattaError('SOURCE_FAILED', `A request of source "${source}" for ${shown} ${problem}.`, {
    value: { url: shown, ...(typeof label === 'string' && { label }) },
  })
}

function hint(name: string): string {
  const known = Object.keys(members)
  const meant = nearest(name, known)
  return meant === undefined ? `; there are ${known.join(', ')}` : `; did you mean "${meant}"`
}

function ofType(type: 'string' | 'boolean') {
  return { expected: `a ${type}`, fits: (value: unknown) => typeof value === type }
}

function isMethod(value: unknown): boolean {
  return typeof value === 'string' && httpMethod(value.toUpperCase()) !== undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
