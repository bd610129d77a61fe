import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import { faultOfHeaderValue, headerName } from '../base/header-field.ts'
import { hasFunctions } from '../contracts/arguments.ts'
import type { HttpCache } from '../contracts/cache.ts'
import type { Classifier } from '../contracts/classifier.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { proxySchemes } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import type { RecordedExchange } from '../contracts/recording.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { type Strategy, strategyNames } from '../contracts/strategy.ts'
import type { Transport } from '../contracts/transport.ts'
import { trustLevels } from '../contracts/trust.ts'
import { faultOfPattern } from './host-pattern.ts'
import { offline } from './offline.ts'
import { optionInvalid } from './option-problem.ts'
import { presetNames, withPreset } from './presets.ts'
import { proxyClassSchema, proxyFilterSchema, proxySourceSchema } from './proxy-schemas.ts'

/**
 * Every option of createCrawler, with unit, range, default and reason. Times are milliseconds. A wrong option fails at
 * construction with OPTION_INVALID, naming the option and the value; nothing is started before that.
 */

const ms = (low: number, high: number) => z.number().min(low).max(high)
const count = (low: number, high: number) => z.number().int().min(low).max(high)
/** An object of the user's own with these functions, and perhaps more. */
const able = <T>(what: string, functions: readonly (keyof T & string)[]) =>
  z.custom<T>((value) => hasFunctions(value, ...functions), {
    error: `expected ${what}, with ${functions.map((name) => `${name}()`).join(', ')}`,
  })

export const timeoutsSchema = z.strictObject({
  /** TCP to the proxy. 50 ms–2 min, default 4 s: a proxy that needs longer is of no use. */
  dial: ms(50, 120_000).default(4_000),
  /** SOCKS or CONNECT, with TLS to an HTTPS proxy. 50 ms–2 min, default 4 s. */
  handshake: ms(50, 120_000).default(4_000),
  /** TLS to the target through the tunnel. 50 ms–2 min, default 5 s. */
  tls: ms(50, 120_000).default(5_000),
  /** Request sent to response head. 50 ms–10 min, default 10 s. */
  firstByte: ms(50, 600_000).default(10_000),
  /** Longest silence inside a body. 50 ms–10 min, default 10 s. */
  idle: ms(50, 600_000).default(10_000),
  /** One attempt, all phases. 50 ms–1 h, default 30 s. */
  total: ms(50, 3_600_000).default(30_000),
  /** Slowest body that is waited for, in bytes a second, judged after 5 s. 0 turns it off; default 1,024. */
  minRate: count(0, 1_000_000_000).default(1_024),
})

export const politenessSchema = z.strictObject({
  /** Milliseconds between two requests of one proxy to one host. 0–1 h, default 500: what scatter-proxy's users settled on. */
  interval: ms(0, 3_600_000).default(500),
  /** Milliseconds between two requests to one host over all proxies. 0–1 h, default 0; robots' crawl-delay raises it. */
  hostInterval: ms(0, 3_600_000).default(0),
  /**
   * Requests in flight to one host over all proxies at most, or false. 1–10,000, default 64: it begins with 4 and finds
   * out what the host bears (AIMD).
   */
  hostConcurrency: z.union([z.literal(false), count(1, 10_000)]).default(64),
  /** Requests in flight over one proxy, all hosts, or false. Default 16; 2 for proxies of class `free`. */
  proxyConcurrency: z.union([z.literal(false), count(1, 10_000)]).default(16),
  /** Obey robots.txt in crawls: rules and crawl-delay. Default true. */
  robots: z.boolean().default(true),
})

export const hedgeSchema = z.strictObject({
  /** Attempts of one task in flight at most, the first included. 1–10, default 3; 1 turns hedging off. */
  max: count(1, 10).default(3),
  /**
   * Earliest second attempt, in ms, and the gap between attempts where each is more likely to fail than not. Default 100:
   * below that a good answer is usually on its way (simulated: p99 of a cold start 2.4 times the oracle's at 150, 2.0 at 100).
   */
  minDelay: ms(1, 60_000).default(100),
  /** Second attempt before anything is known of the host, in ms. Default 1 s. */
  coldDelay: ms(1, 60_000).default(1_000),
  /** Extra attempts in flight, as a share of all attempts in flight. (0, 1], default 0.5: only a cold start gets near it. */
  share: z.number().gt(0).max(1).default(0.5),
  /**
   * Extra attempts that a host may see before its good answers have earned them, one in ten: hedges stop when half of
   * these tokens are spent. 0–1,000, default 50, for a cold start with fifty requests in flight (simulated: p99 3.2 times
   * the oracle's at 20, 2.0 at 50).
   */
  tokens: ms(0, 1_000).default(50),
})

export const breakerSchema = z.strictObject({
  /** First cooldown in ms; each reopening doubles it, with equal jitter. Default 30 s. */
  base: ms(10, 86_400_000).default(30_000),
  /** Longest cooldown of a proxy at one host, in ms; for all hosts it is twice as long. Default 30 min. */
  cap: ms(10, 86_400_000).default(1_800_000),
  /** Hard faults in a row that open a proxy at once. Default 3. */
  run: count(1, 100).default(3),
})

export const evictionSchema = z.strictObject({
  /**
   * Failures in a row, over at least two sites, that shut a proxy out everywhere. A failure counts only when another proxy has
   * brought an answer from the same host after it. 2–10,000, default 30, as many as scatter-proxy's users settled on.
   */
  samples: count(2, 10_000).default(30),
  /**
   * Sites at which it may have failed instead, where so many failures cannot be chance beside how often the others succeed.
   * 2–16, default 5.
   */
  hosts: count(2, 16).default(5),
  /**
   * The way back. `probe`: after the cooldown of `breaker`, one request at a time, and at a refresh of the list before its
   * time. `refresh`: only at a refresh, or by `readmit()`. Default `probe`: most of them come back sooner than their list.
   */
  back: z.enum(['probe', 'refresh']).default('probe'),
})

export const explainSchema = z.strictObject({
  /** One good request in so many is kept. 0–1,000,000, default 100; 1 keeps all, 0 none. Failures and slow ones always are. */
  sample: count(0, 1_000_000).default(100),
  /**
   * What is slow and kept for that: a time from its acceptance to its end, in ms (1–1 day), or `p95`: longer under way than 95
   * in 100 of all requests, waits not counted. Default `p95`.
   */
  slow: z.union([z.literal('p95'), ms(1, 86_400_000)]).default('p95'),
  /** Requests that are kept in memory at most: failures three quarters, others the rest. 10–100,000, default 1,000. */
  keep: count(10, 100_000).default(1_000),
  /** With a state: bytes of kept requests on disk at most; the oldest go. 64 KiB–1 GiB, default 16 MiB. */
  disk: count(65_536, 1_073_741_824).default(16 * 1024 * 1024),
})

export const posteriorSchema = z.strictObject({
  /** Half-life of what is known of a proxy at one host, in ms. Default 10 min. */
  hostHalfLife: ms(1_000, 604_800_000).default(600_000),
  /** Half-life of what is known of a proxy over all hosts, in ms. Default 60 min. */
  fleetHalfLife: ms(1_000, 604_800_000).default(3_600_000),
  /** Largest α + β, so that no past outweighs the present. Default 50. */
  cap: z.number().min(4).max(10_000).default(50),
})

/** RFC 9309, 2.2.1. */
const robotsAgentSchema = z
  .string()
  .regex(/^[a-z_-]+$/i, 'expected a product token: letters, "_" and "-" only, such as AcmeBot')

const budgetsSchema = z.strictObject({
  /** Target faults (5xx, agreed path faults) before a request is given up. Default 5. Proxy faults are never counted. */
  target: count(1, 1_000).default(5),
  /**
   * Distinct exits that must agree on a refusal before the page, not the proxies, is held responsible. Where fewer are
   * usable, all of them; the only one is asked twice. Default 5.
   */
  blocked: count(1, 1_000).default(5),
})

/** The same keys without their defaults: what is left out of an override is not overridden. */
function overridesOf<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const keys = Object.entries(schema.shape as unknown as Record<string, z.ZodType>)
  const bare = keys.map(([key, each]) => [
    key,
    (each instanceof z.ZodDefault ? (each.unwrap() as z.ZodType) : each).optional(),
  ])
  return z.strictObject(Object.fromEntries(bare)) as unknown as z.ZodType<
    Partial<z.output<typeof schema>>,
    Partial<z.input<typeof schema>>
  >
}

const headerValue = z.string().superRefine((value, context) => {
  const message = faultOfHeaderValue(value)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const headersSchema = z.record(z.string().regex(headerName, 'expected the name of a header'), headerValue)
/** What may be sent as `user-agent`. */
const userAgentSchema = headerValue.min(1)

const trustSchema = z.enum(trustLevels)

const strategySchema = z.union([z.enum(strategyNames), able<Strategy>('a Strategy', ['pick'])])

const connectionsSchema = z.strictObject({
  /** `connection` keeps them alive per (proxy, origin); `request` opens a new one each time, for rotating gateways. */
  rotation: z.enum(['connection', 'request']).default('connection'),
  /** Requests one connection may serve. Default 1,000. */
  maxRequestsPerConnection: count(1, 1_000_000).default(1_000),
  /** Oldest connection that is used again, in ms. Default 5 min. */
  connectionMaxAge: ms(1, 86_400_000).default(300_000),
  /** Longest idle time of a connection that is used again, in ms. Default 15 s, under most servers' own limit. */
  idleMax: ms(1, 3_600_000).default(15_000),
})

const amount = z.number().min(0).max(1e9).optional()
const priceSchema = z
  .strictObject({
    proxies: proxyFilterSchema.optional(),
    perGB: amount,
    perRequest: amount,
    perMonth: amount,
  })
  .refine(({ perGB, perRequest, perMonth }) => (perGB ?? perRequest ?? perMonth) !== undefined, {
    error: 'expected a price: perGB, perRequest or perMonth',
  })

export const stickySchema = z.strictObject({
  /** One exit for each registrable domain, or for each host. Default `domain`. */
  by: z.enum(['domain', 'host']).default('domain'),
  /** Milliseconds from the first request over an exit; then another one is chosen. 1 s–1 day, default 5 min. */
  ttl: ms(1_000, 86_400_000).default(300_000),
})

/** What may be said of one host. What an entry leaves out stays as it is for all hosts. */
const hostOverridesSchema = z.strictObject({
  /**
   * The proxies that may visit this host, by tag or label: `{ country: ['DE', 'AT'], class: 'residential' }`. No other
   * is ever used for it; while no proxy passes, its requests wait. Replaces the filter of a wider entry as a whole.
   */
  proxies: proxyFilterSchema.optional(),
  /** Requests in flight to this host at most, over all proxies; it holds with `politeness: false` too. 1–100,000. */
  concurrency: count(1, 100_000).optional(),
  /** As the options of the same name. `proxyConcurrency` counts over all hosts and cannot be set for one. */
  politeness: z
    .union([z.literal(false), overridesOf(politenessSchema.omit({ proxyConcurrency: true }))])
    .optional(),
  strategy: strategySchema.optional(),
  hedge: z.union([z.literal(false), overridesOf(hedgeSchema)]).optional(),
  deadline: ms(1, 604_800_000).optional(),
  budgets: overridesOf(budgetsSchema).optional(),
  breaker: overridesOf(breakerSchema).optional(),
  /** `fleetHalfLife` is about all hosts and cannot be set for one. */
  posterior: overridesOf(posteriorSchema.omit({ fleetHalfLife: true })).optional(),
  timeouts: overridesOf(timeoutsSchema).optional(),
  maxBody: count(1_024, Number.MAX_SAFE_INTEGER).optional(),
  maxRedirects: count(0, 50).optional(),
  connections: overridesOf(connectionsSchema).optional(),
  /** Go over those for all hosts, name by name. A redirect to another host does not carry them. */
  headers: headersSchema.optional(),
  /** Goes over a `user-agent` among the headers for all hosts, too. */
  userAgent: userAgentSchema.optional(),
  /** How much proxies are believed about this host, over plain HTTP. */
  trust: trustSchema.optional(),
  /** Under which name robots.txt of this host is read. */
  robotsAgent: robotsAgentSchema.optional(),
  /** Whether its requests stay with one exit. */
  sticky: z.union([z.literal(false), overridesOf(stickySchema)]).optional(),
})

export const shapeSchema = z.strictObject({
  /** Options that suit one kind of proxies; your own go over it. See docs/tuning.md. */
  preset: z.enum(presetNames).optional(),
  /**
   * Where proxies come from: a file (watched), an http(s) URL (fetched again every `refresh`), a proxy URL, `webshare:`,
   * `dns:NAME`, `free:NAME`, `json:URL`, one of these with its tags and its filter, a provider, or an array in which all of
   * these may be mixed (docs/proxies.md). Left out: PROXY_URL or PROXY_POOL from `env`.
   */
  proxies: z
    .union([
      z.string().min(1),
      able<ProxyProvider>('a ProxyProvider', ['load']),
      proxySourceSchema,
      z.array(z.union([z.string(), able<ProxyProvider>('a ProxyProvider', ['load']), proxySourceSchema])),
    ])
    .optional(),
  /**
   * Only proxies that pass are used, whatever lists them: `{ country: ['DE', 'AT'], class: 'residential' }`. When none does,
   * createCrawler fails and says which values there are. Default: all.
   */
  use: proxyFilterSchema.optional(),
  /**
   * A proxy is used only when an echo has shown that it keeps our address to itself (X-Forwarded-For, Via and their like), and
   * is asked again at each refresh. `true` asks the echoes of `health` that answer over plain HTTP. Default false.
   */
  anonymous: z
    .union([
      z.boolean(),
      z.strictObject({
        /** http URLs that answer, as JSON, with the address and the headers that they were asked with. */
        echoes: z.array(z.string().min(1)).min(1),
        /** Milliseconds for one question. 50 ms–2 min, default 5 s. */
        timeout: ms(50, 120_000).default(5_000),
      }),
    ])
    .default(false),
  /** Lists from the web may name addresses of a local network; else such entries are refused, because a stranger has written them. */
  allowPrivateProxies: z.boolean().default(false),
  /**
   * What entries without a scheme are: `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`. Default: each is asked
   * once, before it joins, and what it speaks is remembered.
   */
  proxyScheme: z.enum(proxySchemes).optional(),
  /** Where PROXY_URL, PROXY_POOL, WEBSHARE_API_KEY and the variables of `proxies` are looked up. Default: nowhere; the CLI passes what it needs of process.env. */
  env: z.record(z.string(), z.string().optional()).optional(),
  /**
   * SOCKS proxies resolve the names of targets, so that no resolver here learns them. `false`: they are resolved on this
   * machine, for proxies that cannot. Default true.
   */
  remoteDns: z.boolean().default(true),
  /** Go out without a proxy. Never implied: without proxies and without this, createCrawler fails. */
  direct: z.boolean().default(false),
  /**
   * Nothing leaves this machine: what no `cache` holds, or the `transport` (a replay, docs/recording.md), is given up at once with
   * the reason `not-recorded`, robots.txt and sitemaps too. No proxies are needed or loaded, no interval is kept, and no answer is
   * asked for twice. Default false.
   */
  offline: z.boolean().default(false),
  /** How often a URL of proxies is fetched again, in ms. 1 s–1 week, default 10 min. */
  refresh: ms(1_000, 604_800_000).default(600_000),
  /** Prior of an unknown proxy: class of the whole list where entries say nothing. */
  proxyClass: proxyClassSchema.optional(),
  /** Requests a proxy serves before it retires until the next refresh. Default: no cap. */
  maxRequestsPerProxy: count(1, 1_000_000_000).optional(),

  /**
   * What proxies cost, by their tags: `{ proxies: { provider: 'acme' }, perGB: 3.5 }`. The first that fits a proxy holds, or
   * else its tag `price`, for a gigabyte. `perGB` is for 1,000,000,000 bytes in both directions, `perRequest` for an attempt, `perMonth` for a proxy. Default: none.
   */
  prices: z.array(priceSchema).default([]),
  /** What the prices are in, as it is shown: `USD`. Default: not said. */
  currency: z.string().max(8).default(''),
  /**
   * Bytes over the proxies at most, both directions, with handshakes, heads, and what came of lost attempts. Then crawls
   * end (`spent`) and requests fail with CAP_REACHED; with a state, earlier runs of the crawl count. Default: no cap.
   */
  maxBytes: count(1_024, Number.MAX_SAFE_INTEGER).optional(),
  /** The same for money, at the `prices` for bytes and requests; rent by the month is not counted. Default: no cap. */
  maxCost: z.number().gt(0).optional(),

  /** Tasks in flight. 1–100,000, default 100. */
  concurrency: count(1, 100_000).default(100),
  /** Tasks accepted and not yet ended; `submit` waits and `trySubmit` fails beyond. Default 1,000. */
  capacity: count(1, 10_000_000).default(1_000),
  /** Milliseconds a task may take over all its attempts and waits. Default: none, because nothing is dropped for time. */
  deadline: ms(1, 604_800_000).optional(),
  budgets: budgetsSchema.prefault({}),

  /** Gates before each request. `false` lifts all three and ignores robots.txt: for your own servers only. */
  politeness: z.union([z.literal(false), politenessSchema]).prefault({}),
  /**
   * What is different for one host, by `example.com`, `example.com:8443` or `*.example.com` (every host below it).
   * All entries that fit a host hold for it, part by part; where two say something else, the more specific one holds.
   * What counts is the host of the URL that is asked for. Where hosts share a pool (`hostKey`), an entry named like the
   * pool holds for all of them, and a host with an entry of its own has a pool of its own.
   */
  hosts: z.record(z.string(), hostOverridesSchema).default({}),
  /** What shares a pool, and with it the gates: the host, the registrable domain, or your own function of the URL. */
  hostKey: z
    .union([
      z.enum(['host', 'domain']),
      z.custom<(url: URL) => string>((value) => typeof value === 'function', {
        error: 'expected a function of the URL',
      }),
    ])
    .default('host'),
  /** How a proxy is chosen: a name, or your own Strategy. */
  strategy: strategySchema.default('thompson'),
  /** A second attempt, over another proxy, when the first is late. `false`: never before the first has ended. */
  hedge: z.union([z.literal(false), hedgeSchema]).prefault({}),
  breaker: breakerSchema.prefault({}),
  /** A proxy that works at no host is shut out everywhere. `false`: host by host only. */
  eviction: z.union([z.literal(false), evictionSchema]).prefault({}),
  posterior: posteriorSchema.prefault({}),

  /** How long each phase of an attempt may take. */
  timeouts: timeoutsSchema.prefault({}),
  /** Largest body in bytes, decoded, in memory or on disk. From 1 KiB, default 16 MiB. For gigabytes raise `timeouts.total` too. */
  maxBody: count(1_024, Number.MAX_SAFE_INTEGER).default(16 * 1024 * 1024),
  bodies: z
    .strictObject({
      /** Bytes of one body that stay in memory; what is larger goes to a file while it arrives. 64 KiB–1 GiB, default 4 MiB. */
      memory: count(65_536, 1_073_741_824).default(4 * 1024 * 1024),
      /**
       * Bytes of all bodies in memory at once, of all requests under way. When they are reached, bodies above 64 KiB go to
       * files and a crawl takes no new requests until some are read. Pages are read side by side while they take twice
       * as much by estimate. 1 MiB–512 GiB, default 64 MiB.
       */
      total: count(1_048_576, 549_755_813_888).default(64 * 1024 * 1024),
      /** Where those files are until their page is done. Default: the system's folder for temporary files. */
      dir: z.string().min(1).optional(),
    })
    .prefault({}),
  /** Redirects that are followed for one request, as many as `fetch` follows. 0–50, default 20; 0 gives the redirect itself. */
  maxRedirects: count(0, 50).default(20),
  connections: connectionsSchema.prefault({}),
  /** Certificate authorities beside the system's, PEM. Verification cannot be turned off. */
  ca: z.union([z.string(), z.array(z.string())]).optional(),
  /**
   * Whether addresses and names of a local network may be asked (loopback, private, link-local, metadata, `.internal`, …),
   * however they are written, and with `direct` also behind a public name. `false` never, `true` always. Left out: a crawl
   * may when one of its own seeds is such an address, a `fetch` when its URL is; no link, sitemap or redirect of a public
   * site leads there.
   */
  allowPrivateTargets: z.boolean().optional(),
  /** Sent with every request unless it, or its host in `hosts`, has its own. */
  headers: headersSchema.default({}),
  /** Sent as `user-agent` unless `headers` has one. */
  userAgent: userAgentSchema.default('regatta/0.1'),
  /**
   * The product token that groups of robots.txt are matched with: letters, `_` and `-`. Default: the one in the user agent
   * that is sent, `AcmeBot` of `AcmeBot/1.2` and of `Mozilla/5.0 (compatible; AcmeBot/1.2; +http://…)`; where there is none,
   * the groups for all hold.
   */
  robotsAgent: robotsAgentSchema.optional(),

  /**
   * How much proxies are believed over plain HTTP, where they can answer whatever they like. `learn`: each exit is compared with
   * others until it is found honest, and now and then after that (docs/trust.md). `verify`: every page needs two exits that
   * agree. `blind`: what comes is taken. Default `learn`. Over TLS nothing is compared, because nothing can be changed.
   */
  trust: trustSchema.default('learn'),

  /** Background checks of every proxy against echo targets of your own choosing. Default: none; traffic teaches enough. */
  health: z
    .strictObject({
      /** Two or more http(s) URLs of different origins that answer with the caller's address. */
      echoes: z.array(z.string().min(1)).min(2),
      /** Milliseconds from round to round. 1 s–1 day, default 60 s. */
      interval: ms(1_000, 86_400_000).default(60_000),
      /** Milliseconds for one probe. 50 ms–2 min, default 5 s. */
      timeout: ms(50, 120_000).default(5_000),
      /** Share of the interval left to chance. 0–0.99, default 0.1. */
      jitter: z.number().min(0).max(0.99).default(0.1),
    })
    .optional(),

  /**
   * Requests without a session stay with one exit for each site, until it fails or its time is over; they are not hedged, and the next exit
   * is that of the next requests. No cookies are kept: for those, take a session (docs/sessions.md). Default: every request may have another exit.
   */
  sticky: stickySchema.optional(),

  /** Asked before the built-in rules, in order. */
  classifiers: z.array(able<Classifier>('a Classifier', ['classify'])).default([]),
  /**
   * Solves a challenge page on the same proxy: returns headers (cookies) for the next attempt, or undefined. They are kept for this site and
   * this exit, and sent from the start from then on. `proxy.id` is a label for `crawler.lease(url, { proxy })`.
   */
  resolveChallenge: z
    .custom<
      (
        response: HttpResponse,
        request: FetchRequest,
        proxy: ProxyEndpoint,
      ) => Promise<Record<string, string> | undefined>
    >((value) => typeof value === 'function', {
      error: 'expected a function of the response, its request and the proxy',
    })
    .optional(),
  /**
   * Asked for each attempt, when its proxy has been chosen: returns headers that are sent beside those of the request, and instead of equal
   * ones, or undefined. For what belongs to an exit: a browser's name, a language.
   */
  prepareRequest: z
    .custom<(request: FetchRequest, proxy: ProxyEndpoint) => Record<string, string> | undefined>(
      (value) => typeof value === 'function',
      { error: 'expected a function of a request and the proxy' },
    )
    .optional(),

  /**
   * A folder that outlives the process: crawls go on where they stopped, and what was learnt of the proxies is known
   * from the first request. One crawler owns it at a time. Default: nothing is kept.
   */
  state: z.string().min(1).optional(),
  /** How often what was learnt of the proxies is written to the state, in ms. 1 s–1 h, default 5 s. What a kill forgets is no more. */
  saveInterval: ms(1_000, 3_600_000).default(5_000),
  /** What the state survives: `normal` the death of the process, `full` a power cut too (a flush for each commit). */
  durability: z.enum(['normal', 'full']).default('normal'),

  /**
   * What `crawler.explain` and `regatta explain` know: why requests went as they did (docs/explain.md). `false`: nothing is
   * noted.
   */
  explain: z.union([z.literal(false), explainSchema]).prefault({}),

  /** Replays the same choices for the same answers. Default: a new one, printed in the log. */
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
  /**
   * Answers that are kept from run to run and served instead of being asked for: pages of crawls, their robots.txt, and what their
   * sources fetch. For writing parsers. A crawl may name another one. Default: none.
   */
  cache: able<HttpCache>('an HttpCache', ['get', 'put']).optional(),
  /** Told of each answer and each failure as it comes, before it is judged, and of its proxy: see docs/recording.md. Default: nobody is. */
  record: z
    .custom<(exchange: RecordedExchange, proxy: ProxyEndpoint) => void>(
      (value) => typeof value === 'function',
      {
        error: 'expected a function of an exchange',
      },
    )
    .optional(),

  /** For simulators and tests. */
  clock: able<Clock>('a Clock', ['now', 'wall', 'after', 'soon']).optional(),
  /** For simulators and tests. */
  transport: able<Transport>('a Transport', ['send']).optional(),
})

const optionsSchema = shapeSchema.superRefine(({ hosts, hostKey, clock }, context) => {
  if (clock && !isSound(clock)) {
    const message = 'expected a Clock whose now() and wall() return milliseconds'
    context.addIssue({ code: 'custom', path: ['clock'], message })
  }
  // An own function's pools may have any name.
  if (typeof hostKey === 'function') return
  for (const pattern of Object.keys(hosts)) {
    const message = faultOfPattern(pattern)
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['hosts', pattern], message })
  }
})

/** All waits are measured by it, so one that cannot tell the time is found out before. */
function isSound(clock: Clock): boolean {
  try {
    return Number.isFinite(clock.now()) && Number.isFinite(clock.wall())
  } catch {
    return false
  }
}

/** What createCrawler takes; docs/options.md lists every option. */
export type CrawlerOptions = z.input<typeof shapeSchema>
/** The options with every default in its place. */
export type Options = z.output<typeof shapeSchema> & {
  /** The intervals that the user has set: no option, but what was made of one. */
  readonly ownIntervals: OwnIntervals
}
export type HostOverrides = z.output<typeof hostOverridesSchema>
export type Timeouts = z.output<typeof timeoutsSchema>
export type Politeness = z.output<typeof politenessSchema>
/** Which intervals of `politeness` the user has set: what a source declares of its service does not go over those. */
export interface OwnIntervals {
  /** `politeness.interval`, or no politeness at all. */
  readonly interval: boolean
  /** `politeness.hostInterval`, or no politeness at all. */
  readonly hostInterval: boolean
}
export type HedgeOptions = z.output<typeof hedgeSchema>
export type StickyOptions = z.output<typeof stickySchema>
export type BreakerOptions = z.output<typeof breakerSchema>
export type EvictionOptions = z.output<typeof evictionSchema>
export type ExplainOptions = z.output<typeof explainSchema>
export type PosteriorOptions = z.output<typeof posteriorSchema>

/** The ten that matter most, in the order in which a newcomer meets them: what the docs begin with. */
export const essentialOptions = [
  'proxies',
  'direct',
  'preset',
  'politeness',
  'concurrency',
  'deadline',
  'hosts',
  'headers',
  'timeouts',
  'state',
] as const satisfies readonly (keyof CrawlerOptions)[]

/** Parses options, or throws OPTION_INVALID with the first wrong option's path, value and what was expected. */
export function parseOptions(input: CrawlerOptions): Options {
  assertObject(input)
  const whole = withPreset(input)
  const parsed = optionsSchema.safeParse(whole)
  if (!parsed.success) throw optionInvalid(shapeSchema, whole, parsed.error)
  const options = { ...parsed.data, ownIntervals: ownIntervalsOf(whole.politeness) }
  return options.offline ? offline(options) : options
}

/** Which intervals are set here. Without politeness both are: to nothing. */
export function ownIntervalsOf(
  politeness: CrawlerOptions['politeness'] | HostOverrides['politeness'],
): OwnIntervals {
  const isOff = politeness === false
  return {
    interval: isOff || politeness?.interval !== undefined,
    hostInterval: isOff || politeness?.hostInterval !== undefined,
  }
}

/** Who forgets the braces has a list of proxies in hand, most often. */
function assertObject(input: unknown): void {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return
  const way =
    "{ proxies: 'proxies.txt' }, a list or a URL of proxies, or { direct: true } to go out without one"
  throw new RegattaError('OPTION_INVALID', `createCrawler needs options: ${way}.`, {
    value: { path: 'options' },
  })
}
