import { z } from 'zod'
import { emulationNames } from '../emulations/services.ts'
import { latencySchema } from '../latency-distribution.ts'
import { siteSchema } from './site-schema.ts'

/**
 * How an origin treats its visitors. Every field may be changed while the lab runs. A request is judged in the order
 * down → window → ban → limits → malformed → tarpit → challenge → soft block → login, and only then answered.
 */
const share = z.number().min(0).max(1)
const afterPerIp = z.number().int().min(0).max(1e9)
const duration = z.number().min(0).max(1e9)

const rateSchema = z.strictObject({
  /** So many requests… */
  requests: z.number().min(0.001).max(1e6),
  /** …per so many milliseconds; default 1 s. */
  perMs: z.number().min(1).max(3_600_000).default(1_000),
  /** How many may come at once after a pause; default 1. */
  burst: z.number().int().min(1).max(1e6).default(1),
})

const serviceName = z.enum(emulationNames)

const emulatesSchema = z.union(
  [
    serviceName.transform((service) => ({ service, scale: 1, size: undefined, seed: undefined })),
    z.strictObject({
      service: serviceName,
      /** Time in which the service's limits count, as a share of the true one: with 0.05 a minute is 3 s. Default 1. */
      scale: z.number().gt(0).max(1_000).default(1),
      /** How much there is: works, assets, …; default the service's. */
      size: z.number().int().min(1).max(1_000_000).optional(),
      /** Another seed is another service. Default: the scenario's. */
      seed: z.number().int().min(0).max(0xffff_ffff).optional(),
    }),
  ],
  { error: `expected a service (${emulationNames.join(', ')}), or { service, scale, size, seed }` },
)

export const mannersSchema = z.strictObject({
  /** Time to think, before the first byte. */
  latency: latencySchema.optional(),
  site: siteSchema.optional(),
  /** A public service, as it is documented to answer: its name, or more about it. It has limits of its own; `limit` takes their place. */
  emulates: emulatesSchema.optional(),
  limit: z
    .strictObject({
      perIp: rateSchema.optional(),
      /** Over all visitors together. */
      total: rateSchema.optional(),
      status: z.union([z.literal(429), z.literal(503)]).default(429),
      /** What Retry-After says; `none` leaves it out, `far` is ten years. Default seconds. */
      retryAfter: z
        .enum(['seconds', 'date', 'none', 'garbage', 'negative', 'past', 'far'])
        .default('seconds'),
      /** Says this many seconds instead of the true wait. */
      retryAfterSeconds: z.number().int().min(0).max(1e9).optional(),
    })
    .optional(),
  ban: z
    .strictObject({
      /** After so many requests of one address… */
      afterRequests: afterPerIp.optional(),
      /** …or after it was limited so often. */
      afterLimited: afterPerIp.optional(),
      /** Default for ever. */
      forMs: duration.optional(),
      /** 403 by default; `reset` ends the connection without a word. */
      answer: z.union([z.number().int().min(400).max(599), z.literal('reset')]).default(403),
    })
    .optional(),
  /** 200 with a page that refuses. Which pages do depends on path, address and seed, so another address may get through. */
  softBlock: z
    .strictObject({
      share: share.default(0),
      afterPerIp: afterPerIp.optional(),
      style: z.enum(['captcha', 'traffic', 'empty', 'tiny']).default('captcha'),
    })
    .optional(),
  /** A page that gives a cookie to who follows its link, bound to the address. */
  challenge: z
    .strictObject({
      afterPerIp: afterPerIp.default(0),
      status: z.union([z.literal(403), z.literal(429), z.literal(503)]).default(403),
    })
    .optional(),
  /** Answers with `status` from `fromMs` to `toMs` of the lab's time. */
  windows: z
    .array(
      z.strictObject({
        fromMs: duration,
        toMs: duration,
        status: z.number().int().min(400).max(599).default(503),
      }),
    )
    .max(1_000)
    .default([]),
  /** Answers that nobody can read. Which pages get one depends on path and seed alone: everybody gets the same. */
  malformed: z
    .strictObject({
      share,
      /** Chunks without a size, two lengths, a head of 300 KB, or no HTTP at all. */
      kind: z.enum(['chunks', 'lengths', 'head', 'garbage']).default('chunks'),
    })
    .optional(),
  /** Takes the request and never answers. */
  tarpit: z.strictObject({ share: share.default(0), afterPerIp: afterPerIp.optional() }).optional(),
  /** /crumb and /quote; a token lives so long. */
  crumb: z.strictObject({ ttlMs: duration.default(60_000) }).default({ ttlMs: 60_000 }),
  /** Redirects what begins with `prefix` to /login or /consent until its cookie is there. */
  login: z
    .strictObject({ prefix: z.string().startsWith('/'), kind: z.enum(['login', 'consent']).default('login') })
    .optional(),
  /** Closes a connection after so many requests; says so only when `announce`. */
  keepAlive: z
    .strictObject({
      requests: z.number().int().min(1).max(1e9).default(1e9),
      /** Ends an idle connection after so long. */
      idleMs: duration.optional(),
      announce: z.boolean().default(true),
    })
    .default({ requests: 1e9, announce: true }),
})

export type Manners = z.output<typeof mannersSchema>

const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'expected a host name in lower case')

export const originSchema = mannersSchema.extend({
  /** Default `<name>.lab`. Only the lab's proxies know it. */
  host: hostName.optional(),
  /** More names for the same origin. */
  aliases: z.array(hostName).max(1_000).default([]),
  /** Plain HTTP, or TLS with a certificate of the lab's authority, or one that is wrong in one way. */
  tls: z
    .union([
      z.boolean().transform((on) => (on ? 'good' : 'off')),
      z.enum(['off', 'good', 'expired', 'wrong-name', 'untrusted']),
    ])
    .default('off'),
})

export type OriginScript = z.output<typeof originSchema>
