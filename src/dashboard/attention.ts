import { counted, formatCount, formatDuration } from '../base/format.ts'
import type { Alert, PoolState } from '../contracts/events.ts'
import type { ProxyCounts } from '../contracts/stats.ts'
import type { Attention, CrawlerState } from './protocol.ts'

/**
 * What a person should look at first, worst first, in plain sentences. What mends itself is a note; what costs pages is a
 * warning; what stops a crawl, or a host altogether, is critical.
 */
export interface Facts {
  /** Wall clock; `offset` makes it of the clock of `until`. */
  readonly now: number
  readonly offset: number
  readonly state: CrawlerState
  readonly ending: string | undefined
  readonly held: 'blackout' | 'paused' | null
  readonly fleet: ProxyCounts
  /** Of the last seconds; undefined where too little was judged. */
  readonly success: number | undefined
  readonly hosts: readonly HostFacts[]
  readonly trust: { readonly convictions: number; readonly contested: number }
  readonly dead: ReadonlyMap<string, { readonly count: number; readonly detail: string }>
  /** Newest first. */
  readonly alerts: readonly (Alert & { readonly at: number })[]
}

export interface HostFacts {
  readonly host: string
  readonly state: PoolState
  readonly reason: string
  readonly until: number | undefined
  readonly isPaused: boolean
  readonly waiting: number
  readonly since: number | undefined
}

const most = 12
const mostOfKind = 3
const alertAge = 10 * 60_000

export function attentionFor(facts: Facts): Attention[] {
  const found = [...ofAll(facts), ...ofFleet(facts), ...ofHosts(facts), ...ofDead(facts), ...ofAlerts(facts)]
  return found.sort((a, b) => rank[a.severity] - rank[b.severity]).slice(0, most)
}

const rank = { critical: 0, warning: 1, note: 2 } as const

function* ofAll({ state, ending, held, success }: Facts): Generator<Attention> {
  const about = { view: 'overview' } as const
  if (state === 'failed') {
    const sentence = `The crawl has failed: ${ending ?? 'it cannot go on.'}`
    yield {
      id: 'failed',
      severity: 'critical',
      sentence,
      advice: 'What was done is kept; mend what it names, and resume it.',
      since: null,
      about,
    }
  }
  if (state === 'died') {
    const sentence = 'The process of this crawl has died.'
    yield {
      id: 'died',
      severity: 'critical',
      sentence,
      advice: 'What was done is kept: regatta resume goes on with it.',
      since: null,
      about,
    }
  }
  if (held === 'blackout') {
    const sentence = 'This machine seems to be off the network: dials to proxy after proxy fail at once.'
    yield {
      id: 'blackout',
      severity: 'critical',
      sentence,
      advice: 'Nobody is blamed meanwhile. It goes on by itself when a dial succeeds.',
      since: null,
      about,
    }
  }
  if (held === 'paused') {
    const sentence = 'Everything is paused by hand.'
    yield { id: 'paused', severity: 'note', sentence, advice: 'Resume it.', since: null, about }
  }
  if (success !== undefined && success < 0.5 && state === 'running') {
    const sentence = `Only ${Math.round(success * 100)} % of the attempts succeed.`
    yield {
      id: 'success',
      severity: success < 0.2 ? 'critical' : 'warning',
      sentence,
      advice: 'The hosts and the proxies with the most failures say why.',
      since: null,
      about,
    }
  }
}

function* ofFleet({ fleet, state, trust, dead }: Facts): Generator<Attention> {
  const { total, healthy, open, failing, isolated } = fleet
  const shut = open + failing
  const isOn = state === 'running' || state === 'paused'
  if (total > 0 && healthy === 0 && isOn) {
    yield {
      id: 'no-proxy',
      severity: 'critical',
      sentence: `None of ${counted(total, 'proxy', 'proxies')} works: ${formatCount(open)} are shut out, ${formatCount(failing)} bring nothing.`,
      advice: 'Give other proxies. Each is asked again when its cooldown is over.',
      since: null,
      about: { view: 'proxies', state: open > 0 ? 'open' : 'failing' },
    }
  } else if (total > 1 && shut > total / 2 && isOn) {
    yield {
      id: 'few-proxies',
      severity: 'warning',
      sentence: `${formatCount(shut)} of ${counted(total, 'proxy', 'proxies')} are shut out or bring nothing.`,
      advice: null,
      since: null,
      about: { view: 'proxies', state: open >= failing ? 'open' : 'failing' },
    }
  }
  if (trust.convictions > 0 && isolated > 0) {
    yield {
      id: 'lies',
      severity: 'warning',
      sentence: `${counted(trust.convictions, 'proxy was', 'proxies were')} found lying, and ${trust.convictions === 1 ? 'is' : 'are'} not used any more.`,
      advice: 'Take them off the list. What they had brought is asked for once more.',
      since: null,
      about: { view: 'proxies', state: 'lies' },
    }
  }
  if (trust.contested > 0 || dead.has('contested')) {
    yield {
      id: 'contested',
      severity: 'warning',
      sentence: 'Proxies contradict each other about pages, and none of the versions outweighs the others.',
      advice: 'What such pages gave is marked as contested.',
      since: null,
      about: { view: 'proxies', state: 'lies' },
    }
  }
}

function* ofHosts({ hosts, now, offset, state }: Facts): Generator<Attention> {
  if (state === 'ended' || state === 'failed') return
  const troubled = hosts.filter(
    (host) => host.isPaused || (host.state !== 'serving' && host.state !== 'draining'),
  )
  const byWaiting = troubled.sort((a, b) => b.waiting - a.waiting)
  for (const kind of ['down', 'starved', 'throttled', 'paused'] as const) {
    const these = byWaiting.filter((host) => (host.isPaused ? 'paused' : host.state) === kind)
    for (const host of these.slice(0, mostOfKind)) yield ofHost(host, kind, now, offset)
    const more = these.length - mostOfKind
    if (more <= 0) continue
    yield {
      id: `more-${kind}`,
      severity: severities[kind],
      sentence: `${counted(more, 'more host', 'more hosts')} ${more === 1 ? 'is' : 'are'} ${kind}.`,
      advice: null,
      since: null,
      about: { view: 'host', host: these[mostOfKind]!.host },
    }
  }
}

const severities = { down: 'critical', starved: 'warning', throttled: 'note', paused: 'note' } as const

function ofHost(
  { host, reason, until, waiting, since }: HostFacts,
  kind: keyof typeof severities,
  now: number,
  offset: number,
): Attention {
  const left = until === undefined ? undefined : until + offset - now
  const soon = left === undefined || left <= 0 ? '' : ` for ${formatDuration(left)}`
  const why = reason === '' ? '' : ` (${reason})`
  const wait = waiting > 0 ? ` ${counted(waiting, 'request waits', 'requests wait')}.` : ''
  const sentences = {
    down: `${host} is down${why}.`,
    starved: `No proxy may be used for ${host} now${why}.`,
    throttled: `${host} asked us to slow down${why}, and is left alone${soon}.`,
    paused: `${host} is paused by hand.`,
  }
  const advices = {
    down: 'One request at a time asks whether it is well again; nothing needs to be done.',
    starved: 'They are asked again when their cooldowns are over. More proxies would help.',
    throttled: null,
    paused: 'Resume it.',
  }
  return {
    id: `${kind}:${host}`,
    severity: severities[kind],
    sentence: `${sentences[kind]}${wait}`,
    advice: advices[kind],
    since: since ?? null,
    about: { view: 'host', host },
  }
}

function* ofDead({ dead }: Facts): Generator<Attention> {
  const groups = [...dead].filter(([reason]) => !/^status-(404|410)$/.test(reason))
  for (const [reason, { count, detail }] of groups
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, mostOfKind)) {
    yield {
      id: `dead:${reason}`,
      severity: 'warning',
      sentence: `${counted(count, 'request was', 'requests were')} given up: ${reason}${detail === '' ? '' : ` (${detail})`}.`,
      advice: 'Look at one, and try them again when the cause is mended.',
      since: null,
      about: { view: 'dead', reason },
    }
  }
}

function* ofAlerts({ alerts, now }: Facts): Generator<Attention> {
  const told = new Set<string>()
  for (const { code, message, at } of alerts) {
    if (now - at > alertAge || told.has(code) || covered.has(code)) continue
    told.add(code)
    yield {
      id: `alert:${code}`,
      severity: grave.has(code) ? 'critical' : 'warning',
      sentence: message,
      advice: null,
      since: at,
      about: { view: 'overview' },
    }
  }
}

/** Told by the sentences above. */
const covered: ReadonlySet<string> = new Set(['BLACKOUT', 'PROXY_LIES', 'EXITS_CONTRADICT'])
const grave: ReadonlySet<string> = new Set([
  'CREDENTIAL_REFUSED',
  'LEAK',
  'SINK_FAILED',
  'STATE_FAILED',
  'NO_PROXY_ANSWERS',
])
