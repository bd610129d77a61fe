import { showGiven } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyUse } from '../contracts/proxy-filter.ts'
import { trustLevels } from '../contracts/trust.ts'
import { readUse } from '../options/read-use.ts'

/**
 * The options of fetch that are neither method, headers nor body. A browser has a page, a cache and cookies of its own
 * behind them; here there are none, as in Node. So each is honoured (`signal`, `redirect`, `referrer`, `referrerPolicy`,
 * `integrity`, `duplex`, `cache` by the headers it stands for), or has no effect (`keepalive`, `credentials`, `mode`,
 * `priority`), or is refused by name: nothing that asks for something else is passed over in silence.
 */
const choices: Readonly<Record<string, readonly unknown[]>> = {
  cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache'],
  credentials: ['omit', 'same-origin', 'include'],
  duplex: ['half'],
  mode: ['cors', 'no-cors', 'same-origin'],
  priority: ['high', 'low', 'auto'],
  redirect: ['follow', 'manual', 'error'],
  trust: trustLevels,
  referrerPolicy: [
    ...['', 'no-referrer', 'no-referrer-when-downgrade', 'same-origin', 'origin', 'strict-origin'],
    ...['origin-when-cross-origin', 'strict-origin-when-cross-origin', 'unsafe-url'],
  ],
  window: [null],
}

/** What an option of our own must be. */
const own: Readonly<Record<string, readonly [expected: string, fits: (value: unknown) => boolean]>> = {
  method: ['a text', (value) => typeof value === 'string'],
  session: ['a name', isName],
  proxy: ["a proxy's label", isName],
  hedge: ['true or false', isBoolean],
  idempotent: ['true or false', isBoolean],
  deadline: ['milliseconds above 0', (value) => typeof value === 'number' && value > 0],
  verify: [
    'a whole number from 2 to 10',
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= 10,
  ],
  integrity: ['a text such as "sha256-…"', (value) => typeof value === 'string'],
  referrer: ['an absolute URL', isReferrer],
  signal: ['an AbortSignal', isSignal],
}

/** `dispatcher` and `agent` say how a request leaves, which is what a crawler is there for. */
const foreign = ['dispatcher', 'agent'] as const

/** Throws OPTION_INVALID naming the option, for what fetch would refuse or could not mean here. Null is as good as nothing. */
export function fetchInit<Init extends object>(init: Init | null | undefined, where = 'fetch()'): Init {
  if (init === null || init === undefined) return {} as Init
  if (typeof init !== 'object' || Array.isArray(init)) {
    throw optionInvalid(
      'init',
      `${where} takes its options as an object behind the URL (got ${showGiven(init, true)}).`,
    )
  }
  const given = init as Readonly<Record<string, unknown>>
  for (const name in given) {
    const value = given[name]
    if (value === undefined) continue
    if (name === 'use') readUse(value as ProxyUse)
    const known = choices[name]
    if (known && !known.includes(value)) {
      throw wrong(name, `expected ${known.map((each) => JSON.stringify(each)).join(', ')}`, value)
    }
    const rule = own[name]
    if (rule && !rule[1](value)) throw wrong(name, `expected ${rule[0]}`, value)
  }
  for (const name of foreign) {
    if (given[name] === undefined) continue
    throw optionInvalid(
      name,
      `Option "${name}": the crawler chooses the connection itself. Leave it out; crawler.dispatcher and crawler.lease() are for other clients.`,
    )
  }
  return init
}

export function optionInvalid(path: string, sentence: string): RegattaError {
  return new RegattaError('OPTION_INVALID', sentence, { value: { path } })
}

function wrong(name: string, expected: string, value: unknown): RegattaError {
  return optionInvalid(name, `Option "${name}": ${expected} (got ${showGiven(value, true)}).`)
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isReferrer(value: unknown): boolean {
  return value === '' || value instanceof URL || (typeof value === 'string' && URL.canParse(value))
}

function isSignal(value: unknown): boolean {
  if (value === null) return true
  const { aborted, addEventListener } = value as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

/** The headers that these options stand for. */
export function impliedHeaders(
  url: string,
  {
    cache,
    referrer,
    referrerPolicy,
  }: {
    readonly cache?: string | undefined
    readonly referrer?: string | undefined
    readonly referrerPolicy?: string | undefined
  },
): readonly (readonly [name: string, value: string])[] | undefined {
  const implied: [string, string][] = []
  if (cache === 'no-store' || cache === 'reload')
    implied.push(['cache-control', 'no-cache'], ['pragma', 'no-cache'])
  if (cache === 'no-cache') implied.push(['cache-control', 'max-age=0'])
  // A Request that says nothing has `about:client`.
  const from = String(referrer)
  const referer = from.startsWith('http') ? refererFor(url, from, referrerPolicy) : undefined
  if (referer !== undefined) implied.push(['referer', referer])
  return implied.length === 0 ? undefined : implied
}

/** What is sent as `referer`, by the Referrer Policy standard ("Determine request's Referrer"). */
function refererFor(url: string, referrer: string, policy: string | undefined): string | undefined {
  const from = new URL(referrer)
  const to = new URL(url)
  from.hash = from.username = from.password = ''
  const isSame = from.origin === to.origin
  const isDowngrade = from.protocol === 'https:' && to.protocol === 'http:'
  const origin = `${from.origin}/`
  switch (policy) {
    case 'no-referrer':
      return undefined
    case 'unsafe-url':
      return from.href
    case 'origin':
      return origin
    case 'same-origin':
      return isSame ? from.href : undefined
    case 'origin-when-cross-origin':
      return isSame ? from.href : origin
    case 'strict-origin':
      return isDowngrade ? undefined : origin
    case 'no-referrer-when-downgrade':
      return isDowngrade ? undefined : from.href
    default:
      if (isSame) return from.href
      return isDowngrade ? undefined : origin
  }
}
