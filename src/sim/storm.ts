import { createRandom, pickIndex, type Random } from '../base/random.ts'
import { lieKinds } from '../lab/lies/lie-schema.ts'
import type { Scenario } from '../lab/scenario.ts'

/**
 * A hostile world, drawn from a seed: a few hosts with odd manners, groups of proxies with every fault
 * there is, a timeline of drifts, deaths and outages, options at their edges, and blows to the crawler itself. Thousands
 * of them stand for the cases that nobody thought of.
 */
export function stormScenario(seed: number): Scenario {
  const random = createRandom(seed)
  for (let warm = 0; warm < 8; warm++) random()
  const chance = (share: number) => random() < share
  const between = (low: number, high: number) => low + pickIndex(random, high - low + 1)
  const isCrawl = chance(0.12)
  const hosts = between(1, 4)
  const groups = between(1, 5)
  const origins = Object.fromEntries(
    Array.from({ length: hosts }, (_, index) => [`site-${index}`, drawOrigin(random, isCrawl)]),
  )
  const proxies = Array.from({ length: groups }, (_, index) => ({
    name: `group-${index}`,
    count: between(1, 8),
    ...(index === 0 ? { latency: drawLatency(random) } : drawProxy(random)),
  }))
  const changes = Array.from({ length: pickIndex(random, 5) }, () => drawChange(random, hosts, groups))
  addMalformed(createRandom(seed + 0x6d616c66), origins, proxies)
  addLiars(createRandom(seed + 0x6c696573), proxies)
  const deaths = !isCrawl && chance(0.3) ? between(1, 3) : 0
  return {
    name: `storm-${seed}`,
    seed,
    origins,
    proxies,
    timeline: changes,
    work: {
      kind: isCrawl ? 'crawl' : 'fetch',
      requests: isCrawl ? 40 : between(30, 250),
      inFlight: pick(random, [1, 5, 20, 80]),
      ...(seed % 3 === 0 && { redirected: pick(random, [0.1, 0.5, 1]) }),
      limitMs: 4 * 3_600_000,
      options: drawOptions(random),
      chaos: {
        deaths,
        clockJumps: chance(0.3) ? between(1, 3) : 0,
        stalls: chance(0.3) ? between(1, 4) : 0,
        stallMs: pick(random, [200, 3_000, 60_000]),
        refreshes: chance(0.3) ? between(1, 3) : 0,
      },
    },
  }
}

/** By numbers of their own, so that a seed's storm is otherwise what it was before. */
function addMalformed(random: Random, origins: Record<string, object>, proxies: object[]): void {
  for (let warm = 0; warm < 8; warm++) random()
  for (const name in origins) {
    if (random() >= 0.3) continue
    const kind = pick(random, ['chunks', 'lengths', 'head', 'garbage'] as const)
    origins[name] = { ...origins[name], malformed: { share: pick(random, [0.05, 0.3]), kind } }
  }
  if (random() >= 0.25) return
  proxies.push({ name: 'garbling', count: 1 + pickIndex(random, 4), protocol: 'socks5', fault: 'garble' })
}

/** A few that lie, in their own way or together, always or from a moment on, and enough that do not. */
function addLiars(random: Random, proxies: object[]): void {
  for (let warm = 0; warm < 8; warm++) random()
  if (random() >= 0.25) return
  const fault = {
    kind: 'lie' as const,
    how: pick(random, lieKinds),
    share: pick(random, [1, 1, 0.4]),
    afterAnswers: pick(random, [0, 0, 6]),
    afterMs: pick(random, [0, 0, 5_000]),
    ...(random() < 0.3 && { band: 'storm' }),
  }
  proxies.push({ name: 'honest', count: 8, protocol: 'socks5', latency: drawLatency(random) })
  proxies.push({ name: 'lying', count: 1 + pickIndex(random, 2), protocol: 'http', fault })
}

function drawOrigin(random: Random, isCrawl: boolean) {
  const chance = (share: number) => random() < share
  const requests = pick(random, [1, 5, 50])
  return {
    ...(chance(0.5) && { latency: drawLatency(random) }),
    site: {
      pages: isCrawl ? 5 + pickIndex(random, 30) : 200,
      pageBytes: 600,
      ...(isCrawl && chance(0.5) && { crawlDelay: pick(random, [0.2, 1, 5]) }),
      ...(isCrawl && chance(0.5) && { missing: 2, nofollow: 1, disallowed: 1, duplicates: 0.1 }),
    },
    ...(chance(0.3) && {
      limit: {
        ...(chance(0.7)
          ? { perIp: { requests, burst: 1 + pickIndex(random, 5) } }
          : { total: { requests: requests * 5 } }),
        status: pick(random, [429, 503] as const),
        retryAfter: pick(random, [
          'seconds',
          'seconds',
          'date',
          'none',
          'garbage',
          'negative',
          'past',
        ] as const),
      },
    }),
    ...(chance(0.1) && { ban: { afterLimited: 20, forMs: 60_000 } }),
    ...(chance(0.1) && {
      softBlock: { share: 0.15, style: pick(random, ['captcha', 'traffic', 'empty'] as const) },
    }),
    ...(chance(0.05) && { tarpit: { share: 0.05 } }),
  }
}

function drawLatency(random: Random) {
  return {
    kind: 'lognormal' as const,
    medianMs: pick(random, [5, 40, 250, 1_200]),
    sigma: pick(random, [0.1, 0.4, 1]),
  }
}

const faults = [
  'dead',
  'syn-drop',
  'blackhole',
  'greeting-then-silent',
  'connect-then-silent',
  'wrong-protocol',
  'truncated-reply',
  'split-replies',
  'bad-auth',
  'quota',
  'busy',
  'ruleset-denied',
  'fake-connect',
  'chatty-connect',
  'reset-mid-body',
  'truncate',
  'trickle',
  'mitm',
] as const

function drawProxy(random: Random) {
  const kind = random()
  const base = {
    latency: drawLatency(random),
    protocol: pick(random, ['socks5', 'socks5', 'http', 'socks4a'] as const),
    ...(random() < 0.2 && { handshakeLatency: drawLatency(random) }),
    ...(random() < 0.15 && { egress: 'shared' }),
  }
  if (kind < 0.35) return base
  if (kind < 0.7) return { ...base, fault: pick(random, faults) }
  if (kind < 0.85) {
    const failures = ['reset', 'general-failure', 'mid-body'] as const
    return {
      ...base,
      flaky: { request: random() * 0.8, tunnel: random() * 0.5, failures: [pick(random, failures)] },
    }
  }
  return {
    ...base,
    flapping: { upMs: pick(random, [500, 5_000, 60_000]), downMs: pick(random, [500, 20_000]) },
  }
}

function drawChange(random: Random, hosts: number, groups: number) {
  const forMs = pick(random, [2_000, 30_000, 400_000])
  const repeats = random() < 0.5 ? { everyMs: forMs * 2, times: 5 } : {}
  const when = { atMs: random() * 20_000, forMs, ...repeats }
  if (random() < 0.4) {
    const down = pick(random, ['refuse', 'silent', 500, 503] as const)
    return { ...when, of: `site-${pickIndex(random, hosts)}`, down }
  }
  const of = random() < 0.2 ? '*' : `group-${pickIndex(random, groups)}`
  const set = random() < 0.6 ? { fault: pick(random, faults) } : { latency: drawLatency(random) }
  return { ...when, of, share: pick(random, [0.3, 0.9, 1]), set }
}

function drawOptions(random: Random): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  if (random() < 0.3) options.politeness = false
  else if (random() < 0.6) {
    options.politeness = {
      interval: pick(random, [0, 50, 500, 3_000]),
      hostInterval: pick(random, [0, 0, 20, 400]),
      hostConcurrency: random() < 0.2 ? false : pick(random, [2, 8, 64]),
      proxyConcurrency: random() < 0.2 ? false : pick(random, [1, 2, 16]),
    }
  }
  if (random() < 0.2) options.hedge = false
  else if (random() < 0.4)
    options.hedge = { max: pick(random, [1, 2, 3]), minDelay: pick(random, [10, 100, 1_000]) }
  if (random() < 0.3) options.breaker = { base: pick(random, [200, 5_000]), run: pick(random, [1, 3, 6]) }
  if (random() < 0.3) options.strategy = pick(random, ['round-robin', 'random', 'weighted', 'least-used'])
  if (random() < 0.2) options.deadline = pick(random, [5_000, 120_000])
  // A proxy that has served all it may comes back with the next list.
  if (random() < 0.1) Object.assign(options, { maxRequestsPerProxy: 50, refresh: 60_000 })
  if (random() < 0.2) options.concurrency = pick(random, [1, 10])
  return options
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[pickIndex(random, items.length)]!
}
