import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import type { HttpResponse } from '../contracts/outcome.ts'

/**
 * What an echo target tells: from which address our request came, and with which headers. The names that such services
 * use differ (`ip`, `origin`, `query`, `address`); some answer with nothing but the address as text.
 */
export interface EchoAnswer {
  /** The exit's address, in canonical form. */
  readonly address: string
  /** Headers as the target saw them, names in lower case; undefined when it does not tell. */
  readonly headers: Readonly<Record<string, string>> | undefined
}

export type Anonymity =
  | 'elite' // the target cannot tell that there is a proxy
  | 'anonymous' // it can, and not who is behind it
  | 'transparent' // it sees who is behind it

const headerValue = z.union([z.string(), z.array(z.string()).transform((values) => values.join(', '))])
const echoSchema = z.object({
  ip: z.string().optional(),
  origin: z.string().optional(),
  query: z.string().optional(),
  address: z.string().optional(),
  headers: z.record(z.string(), headerValue).optional(),
})

const maxBytes = 65_536

/** The echo, or undefined when the response is none. */
export function readEcho(response: HttpResponse): EchoAnswer | undefined {
  if (response.status !== 200 || response.body.byteLength > maxBytes) return undefined
  const text = new TextDecoder().decode(response.body).trim()
  const plain = canonicalAddress(text)
  if (plain) return { address: plain, headers: undefined }
  const { data } = echoSchema.safeParse(parseJson(text))
  if (!data) return undefined
  const named = data.ip ?? data.query ?? data.address ?? data.origin?.split(',').at(-1)
  const address = named && canonicalAddress(named.trim())
  if (!address) return undefined
  const headers = Object.entries(data.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  )
  return { address, headers: data.headers && Object.fromEntries(headers) }
}

/** Headers that a proxy adds, and nobody else. */
const traces = [
  'via',
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'client-ip',
  'x-client-ip',
  'proxy-connection',
]

/**
 * How much the proxy gives away, or undefined when the target does not tell its headers. Without knowing our own
 * address, a forwarded address that is not the exit's must be taken for ours: that is what such headers are for. Over
 * TLS a proxy cannot add headers, so only a plain HTTP target can find out.
 */
export function anonymityOf(answer: EchoAnswer, ownAddresses: readonly string[]): Anonymity | undefined {
  const own = new Set(ownAddresses.map((address) => canonicalAddress(address) ?? address))
  if (own.has(answer.address)) return 'transparent'
  if (!answer.headers) return undefined
  const shown = Object.values(answer.headers).flatMap(addressesIn)
  if (shown.some((address) => own.has(address))) return 'transparent'
  const added = traces.filter((name) => answer.headers![name] !== undefined)
  if (added.length === 0) return 'elite'
  if (own.size > 0) return 'anonymous'
  const forwarded = added
    .filter((name) => name !== 'via')
    .flatMap((name) => addressesIn(answer.headers![name]!))
  return forwarded.some((address) => address !== answer.address) ? 'transparent' : 'anonymous'
}

/**
 * Whether the target could see who is behind the proxy, judged more strictly than above: also where the address that is forwarded
 * is one of this machine, whatever the exit is. Undefined when the target does not tell its headers.
 */
export function showsUs(answer: EchoAnswer, own: ReadonlySet<string>): boolean | undefined {
  const { headers } = answer
  if (!headers) return undefined
  if (anonymityOf(answer, []) === 'transparent') return true
  return traces.some((name) => addressesIn(headers[name] ?? '').some((address) => own.has(address)))
}

function addressesIn(header: string): string[] {
  const words = header.match(/[0-9a-f:.]+/gi) ?? []
  return words
    .map((word) => canonicalAddress(word) ?? canonicalAddress(word.replace(/:\d+$/, '')))
    .filter((x) => x !== undefined)
}

function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return undefined
  const address = ipaddr.process(text)
  return address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : address.toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
