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
import { stepNames } from '../../src/dashboard/protocol.ts'
import { SeriesRecorder } from '../../src/dashboard/series.ts'
import { explanationText } from '../../src/observe/explanation-text.ts'
import { DemoFleet } from './demo-fleet.ts'
import { explanationFor, hostile } from './demo-request.ts'

/** A made-up fleet that lives: breakers open and close, hosts slow down, requests fail. Names are hostile here and there, on purpose. */
const all: readonly ActionKind[] = [...crawlerActions, 'retryDead']

export class DemoView implements DashboardView {
  readonly source
  deadVersion = 1
  readonly #clock: Clock
  readonly #random = createRandom(7)
  readonly #fleet: DemoFleet
  readonly #series: SeriesRecorder
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
    this.#fleet = new DemoFleet({ size: proxies, isEmpty, clock, random: this.#random })
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
        total: this.#fleet.proxies.length,
        healthy: this.#fleet.count(0),
        untried: isEmpty ? this.#fleet.proxies.length : 0,
        failing: 0,
        open: this.#fleet.count(1),
        halfOpen: this.#fleet.count(2),
        isolated: this.#fleet.count(3),
        retired: this.#fleet.count(4),
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
    for (const { id, tags, state, trust, success, latency, attempts, inFlight } of this.#fleet.proxies)
      tell(id, tags, state, success < 0.1 ? 1 : 0, trust, success, latency, attempts, inFlight)
  }

  proxy(id: string): ProxyDetail | undefined {
    return this.#fleet.detail(id)
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
        const found = this.#fleet.move(action.proxies, to)
        return said(found, `${found} of ${action.proxies.length} proxies.`)
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
    return this.#fleet.onTransition(listener)
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
    this.#fleet.second()
    this.#series.healthy(now, this.#fleet.count(0))
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
      via: isGood ? this.#fleet.proxies[n % this.#fleet.proxies.length]!.id : null,
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
          proxy: this.#fleet.proxies[n % this.#fleet.proxies.length]?.id ?? 'direct',
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
