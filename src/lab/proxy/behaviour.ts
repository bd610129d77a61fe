import { z } from 'zod'
import { latencySchema } from '../latency-distribution.ts'
import { lieSchema } from '../lies/lie-schema.ts'

/**
 * What a proxy does to the traffic that passes it. The fields are independent of each other and may all be changed while
 * the lab runs; tunnels that already stand follow at their next request.
 */

/** One fault that holds for every connection. A bare name is short for `{ kind: name }`. */
const plainFaults = [
  'dead', // nothing listens: connection refused
  'syn-drop', // a full accept queue: the SYN gets no answer (Linux)
  'blackhole', // accepts, then silence
  'greeting-then-silent', // answers the greeting, never the connect request
  'connect-then-silent', // the tunnel is promised, then silence
  'wrong-protocol', // HTTP bytes to a SOCKS greeting, SOCKS bytes to an HTTP request
  'truncated-reply', // ends in the middle of its reply to the connect request
  'split-replies', // every byte of a handshake in its own packet: slow, but right
  'bad-auth', // refuses every credential, also none
  'quota', // HTTP 402; SOCKS general failure
  'busy', // HTTP 429; SOCKS general failure
  'ruleset-denied', // SOCKS 0x02; HTTP 403
  'fake-connect', // CONNECT answered by 403 with a page and a cookie
  'chatty-connect', // bytes of its own behind a good reply, before the client spoke
  'reset-mid-body', // half of each response, then a reset
  'truncate', // 99 % of each body, then the end
  'trickle', // bodies at one byte a second
  'swap', // answers with what it fetched before
  'garble', // plain HTTP only: chunks that are none in place of each body
  'mitm', // ends TLS itself, with a certificate of another authority
] as const

const faultSchema = z.union([
  z.enum(plainFaults).transform((kind) => ({ kind })),
  z.strictObject({ kind: z.enum(plainFaults) }),
  z.strictObject({
    /** Plain HTTP only. `ads`: appended; `replace`: another page; `portal`, `top-up`, `captcha`: in place of the page. */
    kind: z.literal('inject'),
    style: z.enum(['ads', 'replace', 'portal', 'top-up', 'captcha']).default('ads'),
    /** Share of responses, 0–1, default 1. */
    share: z.number().min(0).max(1).default(1),
  }),
  z.strictObject({
    /** Refuses each tunnel with this SOCKS reply (SOCKS4: 0x5B) or this HTTP status. */
    kind: z.literal('refuse'),
    code: z.number().int().min(1).max(255).default(1),
    status: z.number().int().min(300).max(599).default(502),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  lieSchema,
])

export type Fault = z.output<typeof faultSchema>

const probability = z.number().min(0).max(1).default(0)

export const behaviourSchema = z.strictObject({
  /** Added to the first byte of each response, also on a kept-alive connection. */
  latency: latencySchema.optional(),
  /** Added to each answer of the handshake. */
  handshakeLatency: latencySchema.optional(),
  /** Bytes a second towards the client. */
  bandwidth: z.number().int().min(1).max(1e9).optional(),
  /** Connections at once; one more is reset. */
  maxConnections: z.number().int().min(1).max(1e6).optional(),
  fault: faultSchema.optional(),
  /** Chance that a tunnel, and that a request in it, fails, and how. */
  flaky: z
    .strictObject({
      tunnel: probability,
      request: probability,
      failures: z
        .array(z.enum(['reset', 'general-failure', 'mid-body']))
        .min(1)
        .default(['reset']),
    })
    .optional(),
  /** Listens for `upMs`, refuses for `downMs`, again and again. */
  flapping: z
    .strictObject({ upMs: z.number().min(1).max(3_600_000), downMs: z.number().min(1).max(3_600_000) })
    .optional(),
  /** What plain HTTP through an HTTP proxy tells the origin: nothing, that there is a proxy, or the client's address. */
  anonymity: z.enum(['elite', 'anonymous', 'transparent']).default('elite'),
})

export type Behaviour = z.output<typeof behaviourSchema>

const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'expected a short name: letters, digits, . _ -')

export const proxySchema = behaviourSchema.extend({
  /** Default `proxy-N`. With `count` above 1 it gets a number: `fast-1`, `fast-2`. */
  name: label.optional(),
  /** So many alike, each with its own address and its own luck. 1–10,000, default 1. */
  count: z.number().int().min(1).max(10_000).default(1),
  /** Default socks5. */
  protocol: z.enum(['socks5', 'socks4', 'socks4a', 'http', 'https']).default('socks5'),
  /** Proxies that name the same egress leave from, and listen on, the same address. Default: one of its own. */
  egress: label.optional(),
  /** Proxies that name the same block have addresses of one /24. Default: each has a /24 of its own. */
  block: label.optional(),
  /** Where it leaves from, as two letters: sites may show other prices there. Default US. */
  country: z
    .string()
    .regex(/^[a-z]{2}$/i, 'expected a code of two letters, such as DE')
    .optional(),
  /** Whether lists of this proxy name its country. Default true. */
  countryListed: z.boolean().default(true),
  /** Username and password (SOCKS5, HTTP, HTTPS); SOCKS4 checks the username alone. */
  auth: z.strictObject({ username: z.string().min(1).max(255), password: z.string().max(255) }).optional(),
})

export type ProxyScript = z.output<typeof proxySchema>
