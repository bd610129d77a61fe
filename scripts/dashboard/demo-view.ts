import type { Clock } from '../../src/base/clock.ts'
import { createRandom } from '../../src/base/random.ts'
import { verdictKinds } from '../../src/contracts/outcome.ts'
import type { DashboardView, DeadQuery, RequestQuery, TellProxy } from '../../src/dashboard/dashboard-view.ts'
import { crawlerActions } from '../../src/dashboard/live/actions.ts'
import type {
  Action,
  ActionAnswer,
  ActionKind,
  Attention,
  CrawlerState,
  DeadGroups,
  DeadPage,
  DeadRow,
  HostRow,
  HostTable,
  Overview,
  ProxyDetail,
  RequestDetail,
  RequestList,
  RequestRow,
  Series,
  StepCount,
  Transition,
} from '../../src/dashboard/protocol.ts'
import { proxyStates, stepNames } from '../../src/dashboard/protocol.ts'
import { SeriesRecorder } from '../../src/dashboard/series.ts'
import { explanationText } from '../../src/observe/explanation-text.ts'
import { explanationFor, hostile } from './demo-request.ts'

/** A made-up fleet that lives: breakers open and close, hosts slow down, requests fail. Names are hostile here and there, on purpose. */
const all: readonly ActionKind[] = [...crawlerActions, 'retryDead']

interface DemoProxy {
  readonly id: string
  readonly tags: Record<string, string>
  state: number
  trust: number
  success: number
  latency: number
  attempts: number
  inFlight: number
}

export class DemoView implements DashboardView {
  readonly source
  deadVersion = 1
  readonly #clock: Clock
  readonly #random = createRandom(7)
  readonly #proxies: DemoProxy[]
  readonly #series: SeriesRecorder
  readonly #listeners = new Set<(transition: Transition) => void>()
  readonly #transitions: Transition[] = []
  readonly #paused = new Set<string>()
  readonly #begun: number
  #state: CrawlerState
  #pages = 0
  #dead = new Map<string, number>([
    ['blocked', 57],
    ['target-faults', 12],
    ['item-invalid', 3],
    [hostile, 1],
  ])

  constructor(proxies: number, state: string, clock: Clock) {
    this.#clock = clock
    this.source = state === 'folder' ? ('folder' as const) : ('live' as const)
    const states: Record<string, CrawlerState> = { empty: 'idle', folder: 'died' }
    this.#state = states[state] ?? (state as CrawlerState)
    this.#begun = clock.now() - 300_000
    this.#series = new SeriesRecorder(this.#begun)
    const isEmpty = this.#state === 'idle'
    this.#proxies = Array.from({ length: proxies }, (_, at) => this.#newProxy(at, isEmpty))
    if (isEmpty) this.#dead.clear()
    else for (let now = this.#begun; now < clock.now(); now += 1_000) this.#second(now)
  }

  get can(): readonly ActionKind[] {
    if (this.source === 'folder') return []
    return this.#state === 'ended' || this.#state === 'failed' ? ['retryDead'] : all
  }

  /** Goes on for ever. */
  live(): void {
    this.#clock.after(1_000, () => {
      if (this.#state === 'running') this.#second(this.#clock.now())
      this.live()
    })
  }

  overview(): Omit<Overview, 'series' | 'can'> {
    const now = this.#clock.now()
    const last = this.#series.last(10_000, now)
    const count = (state: number) => this.#proxies.filter((proxy) => proxy.state === state).length
    const isOver = ['ended', 'failed', 'died'].includes(this.#state)
    const isEmpty = this.#state === 'idle'
    const pages = this.#pages
    return {
      at: this.#clock.wall(),
      state: this.#state,
      held: this.#state === 'paused' ? 'paused' : null,
      startedAt: this.#wall(this.#begun),
      endedAt: isOver ? this.#clock.wall() : null,
      ending:
        this.#state === 'failed'
          ? `sink items.jsonl: no space left on the device (SINK_FAILED) ${hostile}`
          : isOver
            ? 'Everything that was known has been done.'
            : null,
      crawls: isEmpty
        ? []
        : [
            {
              id: 'quotes-1',
              source: 'quotes',
              state: isOver ? 'finished' : this.#state === 'paused' ? 'paused' : 'running',
              startedAt: this.#wall(this.#begun),
              pages,
              items: pages * 8,
              failed: 73,
              skipped: 41,
              queued: isOver ? 0 : 18_230,
              pagesPerSecond: last.of('answered') / last.seconds,
            },
          ],
      totals: {
        pages,
        items: pages * 8,
        failed: isEmpty ? 0 : 73,
        skipped: isEmpty ? 0 : 41,
        queued: isOver || isEmpty ? 0 : 18_230,
        tasks: { accepted: pages + 140, succeeded: pages, failed: isEmpty ? 0 : 73 },
        attempts: Math.round(pages * 1.4),
        hedges: Math.round(pages * 0.05),
        bytes: pages * 48_000,
        requeues: isEmpty ? 0 : 512,
        trust: {
          convictions: isEmpty ? 0 : 2,
          contested: isEmpty ? 0 : 1,
          comparisons: Math.round(pages / 20),
        },
      },
      now: {
        requestsPerSecond: last.of('answered') / last.seconds,
        pagesPerSecond: last.of('answered') / last.seconds,
        attemptsPerSecond: last.of('attempts') / last.seconds,
        bytesPerSecond: last.of('bytes') / last.seconds,
        success: last.of('judged') > 0 ? last.of('good') / last.of('judged') : null,
        p50: last.p50,
        p95: last.p95,
        p99: last.p99,
      },
      steps: this.#steps(isOver || isEmpty),
      attention: isEmpty ? [] : this.#attention(),
      fleet: {
        total: this.#proxies.length,
        healthy: count(0),
        untried: isEmpty ? this.#proxies.length : 0,
        failing: 0,
        open: count(1),
        halfOpen: count(2),
        isolated: count(3),
        retired: count(4),
      },
      verdicts: Object.fromEntries(
        verdictKinds.map((kind, at) => [kind, isEmpty ? 0 : Math.round((pages * 1.4) / (at + 1) ** 2)]),
      ) as Overview['verdicts'],
    }
  }

  series(from: number): Series {
    return this.#series.read(from, this.#clock.now(), this.#wall(0))
  }

  hosts(): HostTable {
    const isEmpty = this.#state === 'idle'
    const names = [
      'quotes.example',
      'shop.example',
      'news.example',
      'slow.example',
      'down.example',
      `${hostile}.example`,
    ]
    const rows = isEmpty ? [] : names.map((host, at) => this.#hostRow(host, at))
    return { at: this.#clock.wall(), rows, more: isEmpty ? 0 : 120 }
  }

  eachProxy(tell: TellProxy): void {
    for (const { id, tags, state, trust, success, latency, attempts, inFlight } of this.#proxies)
      tell(id, tags, state, success < 0.1 ? 1 : 0, trust, success, latency, attempts, inFlight)
  }

  proxy(id: string): ProxyDetail | undefined {
    const proxy = this.#proxies.find((each) => each.id === id)
    if (!proxy) return undefined
    const state = proxyStates[proxy.state]!
    const at = this.#clock.wall()
    const successes = Math.round(proxy.attempts * proxy.success)
    return {
      at,
      id,
      tags: proxy.tags,
      state,
      reason: state === 'closed' ? '' : state === 'isolated' ? 'by hand' : 'dial-timeout',
      until: state === 'open' ? at + 12_000 : null,
      failures: state === 'closed' ? 0 : 3,
      reopened: state === 'closed' ? 0 : 2,
      trust: {
        standing: (['unproven', 'proven', 'suspect', 'lies'] as const)[proxy.trust]!,
        evidence: [
          { at: at - 60_000, sentence: 'Others brought the same page of quotes.example.' },
          { at: at - 90_000, sentence: `Its answer differed in html/body/p[3] of shop.example ${hostile}.` },
        ],
      },
      posterior: { alpha: 1 + proxy.success * 40, beta: 1 + (1 - proxy.success) * 40 },
      attempts: proxy.attempts,
      successes,
      failuresCount: proxy.attempts - successes,
      share: 1 / this.#proxies.length,
      inFlight: proxy.inFlight,
      firstByteMs: proxy.latency || null,
      bytes: proxy.attempts * 48_000,
      lastReason: state === 'closed' ? 'ok' : 'dial-timeout',
      transitions: this.#transitions
        .filter((each) => each.proxy === id)
        .slice(-50)
        .reverse(),
      hosts: ['quotes.example', 'shop.example', 'news.example'].map((host, n) => ({
        host,
        state: n === 2 ? 'open' : 'closed',
        alpha: 2 + proxy.success * 10 * (n + 1),
        beta: 1 + (1 - proxy.success) * 10 * (n + 1),
      })),
      moreHosts: 4,
      outcomes: Array.from({ length: 20 }, (_, n) => ({
        at: at - n * 4_000,
        task: `quotes-1-${n}`,
        url: `https://quotes.example/page/${n}`,
        host: 'quotes.example',
        verdict: n % 5 === 4 ? 'blocked' : 'success',
        reason: n % 5 === 4 ? 'captcha' : 'ok',
        status: n % 5 === 4 ? 403 : 200,
        elapsedMs: 200 + n * 13,
      })),
    }
  }

  requests({ end, host, search, limit }: RequestQuery): RequestList {
    if (this.#state === 'idle') return { at: this.#clock.wall(), rows: [], more: 0 }
    const rows = Array.from({ length: 400 }, (_, n) => this.#requestRow(n)).filter(
      (row) =>
        (end === undefined || row.end === end) &&
        (host === undefined || row.host === host) &&
        (search === undefined || `${row.url} ${row.task} ${row.reason}`.includes(search)),
    )
    return { at: this.#clock.wall(), rows: rows.slice(0, limit), more: Math.max(0, rows.length - limit) }
  }

  request(which: string): RequestDetail | undefined {
    const explanation = explanationFor(which, this.#clock)
    return { explanation, text: explanationText(explanation) }
  }

  async deadGroups(): Promise<DeadGroups> {
    const groups = [...this.#dead].map(([reason, count]) => ({
      reason,
      detail: `5 exits were refused: ${hostile}`,
      count,
      example: 'https://shop.example/item/17',
    }))
    const total = groups.reduce((sum, { count }) => sum + count, 0)
    return { at: this.#clock.wall(), groups, total, isWhole: true }
  }

  async deadPage({ reason, offset, limit }: DeadQuery): Promise<DeadPage> {
    const total = [...this.#dead].reduce(
      (sum, [each, n]) => sum + (reason === undefined || reason === each ? n : 0),
      0,
    )
    const length = Math.max(0, Math.min(limit, total - offset))
    const letters = Array.from({ length }, (_, n) => this.#letter(reason ?? 'blocked', offset + n))
    return { reason: reason ?? null, offset, total, letters }
  }

  async act(action: Action): Promise<ActionAnswer> {
    const said = (done: number, sentence: string): ActionAnswer => ({ ok: true, done, sentence })
    switch (action.action) {
      case 'isolate':
      case 'readmit': {
        const to = action.action === 'isolate' ? 3 : 0
        const found = this.#proxies.filter(({ id }) => action.proxies.includes(id))
        for (const proxy of found) this.#move(proxy, to, 'by hand')
        return said(found.length, `${found.length} of ${action.proxies.length} proxies.`)
      }
      case 'pauseHost':
        this.#paused.add(action.host)
        return said(1, `${action.host} is paused.`)
      case 'resumeHost':
        this.#paused.delete(action.host)
        return said(1, `${action.host} goes on.`)
      case 'pause':
        this.#state = 'paused'
        return said(1, 'The crawl is paused.')
      case 'resume':
        this.#state = 'running'
        return said(1, 'The crawl goes on.')
      case 'drain':
        this.#state = 'draining'
        this.#clock.after(4_000, () => {
          this.#state = 'ended'
        })
        return said(1, 'What is under way is finished, and nothing is begun any more.')
      case 'retryDead': {
        const reasons = 'reason' in action ? [action.reason] : [...this.#dead.keys()]
        const done = reasons.reduce((sum, reason) => sum + (this.#dead.get(reason) ?? 0), 0)
        for (const reason of reasons) this.#dead.delete(reason)
        this.deadVersion++
        return said(done, `${done} requests will be tried again.`)
      }
    }
  }

  onTransition(listener: (transition: Transition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #newProxy(at: number, isEmpty: boolean): DemoProxy {
    const random = this.#random
    const place = Array.from({ length: 4 }, () => Math.floor(random() * 254) + 1).join('.')
    const kind = random()
    const state = isEmpty ? 0 : kind < 0.8 ? 0 : kind < 0.93 ? 1 : kind < 0.95 ? 2 : kind < 0.97 ? 3 : 4
    return {
      id: at === 3 ? `${hostile}:1080` : `socks5://${place}:${1080 + (at % 5)}`,
      tags: { country: ['de', 'us', 'fr', 'br'][at % 4]!, class: ['datacenter', 'residential'][at % 2]! },
      state,
      trust: state === 3 ? 3 : random() < 0.7 ? 1 : random() < 0.05 ? 2 : 0,
      success: isEmpty ? 0.5 : state === 0 ? 1 - random() ** 2 * 0.6 : random() * 0.5,
      latency: isEmpty ? 0 : Math.exp(4.5 + random() * 3),
      attempts: isEmpty ? 0 : Math.floor(random() ** 4 * 500),
      inFlight: 0,
    }
  }

  #second(now: number): void {
    const random = this.#random
    const answered = Math.round(60 + 20 * Math.sin(now / 20_000) + random() * 15)
    this.#pages += answered
    this.#series.add(now, 'answered', answered)
    this.#series.add(now, 'failed', random() < 0.2 ? 1 : 0)
    this.#series.add(now, 'attempts', Math.round(answered * 1.4))
    this.#series.add(now, 'judged', Math.round(answered * 1.35))
    this.#series.add(now, 'good', answered)
    this.#series.add(now, 'bytes', answered * 48_000)
    for (let n = 0; n < answered; n++) this.#series.latency(now, Math.exp(5 + random() * random() * 4))
    for (let n = 0; n < Math.min(100, this.#proxies.length); n++) {
      const proxy = this.#proxies[Math.floor(random() * this.#proxies.length)]!
      proxy.attempts++
      proxy.inFlight = random() < 0.1 ? 1 : 0
      proxy.latency *= 0.9 + random() * 0.2
      if (random() < 0.02)
        this.#move(proxy, proxy.state === 0 ? 1 : proxy.state === 1 ? 2 : 0, 'dial-timeout')
    }
    this.#series.healthy(now, this.#proxies.filter(({ state }) => state === 0).length)
  }

  #move(proxy: DemoProxy, to: number, reason: string): void {
    if (proxy.state === to) return
    const at = this.#clock.wall()
    const transition: Transition = {
      at,
      proxy: proxy.id,
      host: null,
      from: proxyStates[proxy.state]!,
      to: proxyStates[to]!,
      reason,
      until: to === 1 ? at + 30_000 : null,
    }
    proxy.state = to
    this.#transitions.push(transition)
    for (const listener of this.#listeners) listener(transition)
  }

  #steps(isStill: boolean): StepCount[] {
    const counts = [null, 18_112, 3, 24, 61, 74, 0, null, 5, 9]
    const whats = [
      'requests that sources and pages have named',
      'requests that wait in the queue',
      'requests that wait for robots.txt, their session or the end of a pause',
      'requests that wait for a proxy',
      'requests with an attempt under way',
      'attempts under way',
      'answers that are held until other exits have been asked the same',
      'verdicts that were blamed and remembered',
      'pages that are being read',
      'pages whose items are on their way to the sinks',
    ]
    return stepNames.map((step, at) => ({
      step,
      now: isStill && counts[at] !== null ? 0 : counts[at]!,
      passed: isStill && this.#pages === 0 ? 0 : this.#pages,
      what: whats[at]!,
    }))
  }

  #attention(): Attention[] {
    const at = this.#clock.wall()
    return [
      {
        id: 'host-down:down.example',
        severity: 'critical',
        sentence: 'down.example is down: 14 attempts over 9 exits failed in a row.',
        advice: 'Nothing needs to be done: one canary at a time asks whether it is well again.',
        since: at - 95_000,
        about: { view: 'host', host: 'down.example' },
      },
      {
        id: 'lies',
        severity: 'warning',
        sentence: '2 proxies were found lying and are isolated.',
        advice: 'Take them off the list.',
        since: null,
        about: { view: 'proxies', state: 'lies' },
      },
      {
        id: 'dead:blocked',
        severity: 'warning',
        sentence: `57 requests were given up: blocked (5 exits were refused) ${hostile}`,
        advice: 'Try them again with other proxies.',
        since: null,
        about: { view: 'dead', reason: 'blocked' },
      },
      {
        id: 'throttled:slow.example',
        severity: 'note',
        sentence: 'slow.example asked us to slow down, and is left alone for 12 s.',
        advice: null,
        since: at - 3_000,
        about: { view: 'host', host: 'slow.example' },
      },
    ]
  }

  #hostRow(host: string, at: number): HostRow {
    const states = ['serving', 'serving', 'serving', 'throttled', 'down', 'starved'] as const
    const state = states[at]!
    return {
      host,
      state,
      reason: state === 'serving' ? '' : ['status-429', 'headers-timeout', 'no proxy is closed'][at - 3]!,
      until: state === 'throttled' ? this.#clock.wall() + 12_000 : null,
      isPaused: this.#paused.has(host),
      inFlight: 20 - at * 3,
      limit: at % 2 === 0 ? null : 32,
      intervalMs: 500 + at * 250,
      waiting: at * 7,
      waitingFor: at === 0 ? null : 'interval',
      queued: this.source === 'folder' ? 3_000 - at * 400 : null,
      succeeded: Math.round(this.#pages / (at + 1)),
      failed: at * 9,
      attempts: Math.round((this.#pages * 1.4) / (at + 1)),
      bytes: (this.#pages * 48_000) / (at + 1),
      verdicts: { success: 900 - at * 100, blocked: at * 20, 'rate-limited': at * 15, transient: at * 10 },
      success: state === 'down' ? 0 : 0.97 - at * 0.1,
      p50: state === 'down' ? null : 180 + at * 60,
      p95: state === 'down' ? null : 900 + at * 400,
      requestsPerSecond: 30 / (at + 1),
      proxies: { working: 8_000 - at * 900, shut: 1_500 + at * 900, total: 10_000 },
    }
  }

  #requestRow(n: number): RequestRow {
    const end = n < 12 ? 'running' : n % 7 === 0 ? 'failed' : n % 11 === 0 ? 'skipped' : 'answered'
    const isGood = end === 'answered'
    return {
      task: `quotes-1-${n}`,
      request: `r${n}`,
      url: n === 13 ? `https://quotes.example/${hostile}` : `https://quotes.example/page/${n}`,
      host: n % 3 === 0 ? 'shop.example' : 'quotes.example',
      begunAt: this.#clock.wall() - n * 900,
      elapsedMs: 200 + ((n * 37) % 4_000),
      end,
      verdict: end === 'running' ? null : isGood ? 'success' : 'blocked',
      reason: end === 'running' ? null : isGood ? 'ok' : end === 'skipped' ? 'robots' : 'captcha',
      kept: end === 'running' ? 'running' : end === 'failed' ? 'failed' : n % 4 === 0 ? 'slow' : 'recent',
      attempts: end === 'failed' ? 5 : 1 + (n % 2),
      via: isGood ? this.#proxies[n % this.#proxies.length]!.id : null,
    }
  }

  #letter(reason: string, n: number): DeadRow {
    return {
      crawl: 'quotes-life',
      id: `r${n}`,
      url: `https://shop.example/item/${n}`,
      method: 'GET',
      depth: 2,
      foundOn: 'https://shop.example/',
      at: this.#clock.wall() - n * 7_000,
      attempts: 5,
      reason: {
        code: reason,
        detail: '5 exits were refused',
        ...(reason === 'item-invalid' && {
          where: '/home/me/shop.ts:14:20',
          issues: [{ path: 'price', message: `Expected a number, got "${hostile}"` }],
          stack: 'parse (/home/me/shop.ts:14:20)\nread (/home/me/shop.ts:40:3)',
        }),
      } as DeadRow['reason'],
      heads: [
        {
          proxy: this.#proxies[n % this.#proxies.length]?.id ?? 'direct',
          reason: 'captcha',
          status: 403,
          headers: { 'content-type': 'text/html', server: hostile },
          at: this.#clock.wall() - n * 7_000,
        },
      ],
      setAside:
        reason === 'item-invalid'
          ? [
              {
                kind: 'item',
                index: 0,
                value: { title: hostile, price: 'n/a' },
                detail: 'price: expected a number',
                issues: [],
              },
            ]
          : [],
      body: `<html><title>${hostile}</title><body>Access denied</body></html>`,
      task: `quotes-1-${n}`,
    }
  }

  /** Wall clock of a moment of the clock. */
  #wall(at: number): number {
    return this.#clock.wall() - this.#clock.now() + at
  }
}
