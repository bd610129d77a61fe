import type { AnyTransitionDefinition } from 'xstate'
import { type Watcher, watch } from '../../src/actors/adopt.ts'
import type { Clock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import type { HopRefusal, TaskJob, TaskResult } from '../../src/contracts/job.ts'
import type { Exchange, FaultCause, Phase } from '../../src/contracts/outcome.ts'
import type { Transport, TransportCall } from '../../src/contracts/transport.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Telling } from '../../src/engine/telling.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { parseOptions } from '../../src/options/options.ts'
import { kinds } from '../../src/trust/kind.ts'

/**
 * One task with everything behind it (crew, pool, proxies, reputation) in a world that moves one step at a time: the
 * walker says which attempt ends how, when time passes, and who loses patience. All of it is synchronous, so a path can be
 * run again from its start in a fraction of a millisecond.
 */
export type Move =
  | { type: 'assign'; direct: boolean }
  | {
      type: 'finish'
      attempt: 'oldest' | 'newest' | 'both'
      how: 'page' | 'refused' | 'status-500' | 'stale-socket' | 'redirect'
    }
  | { type: 'pass'; ms: number }
  | { type: 'abandon' }
  | { type: 'drain' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'take' }
  /** Those who may forbid where a redirect leads have nothing against it, or do. */
  | { type: 'admit' }
  | { type: 'forbid' }
  /** Another task of the same host wants the one place that there is. */
  | { type: 'crowd' }
  /** Another task asks whether the exits are honest, and finds out. Only where pages come over plain HTTP. */
  | { type: 'hear' }
  | { type: 'heard'; honest: boolean }
  | { type: 'clear' }

interface Call {
  readonly call: TransportCall
  isCancelled: boolean
}

const job = {
  request: { url: 'https://host.example/', method: 'GET', headers: {}, idempotent: true },
  host: 'host.example',
  priority: 2,
  mayHedge: true,
}

/** Their numbers in the fleet. */
const exits = [0, 1, 2] as const

export class TaskWorld {
  now = 0
  readonly calls: Call[] = []
  readonly results: TaskResult[] = []
  readonly transitions: { from: string; taken: readonly AnyTransitionDefinition[] }[] = []
  jobs = 0
  /** Redirects of the task under way. */
  hops = 0
  /** Attempts of the task under way. */
  started = 0
  startedAfterOver = 0
  /** The task was drained, and attempts that it has started since. */
  isDrained = false
  startedAfterDrain = 0
  isDirect = true
  /** The other task's attempt, when it has one. */
  readonly others: Call[] = []
  isCrowded = false
  readonly #states = new Map<unknown, string>()
  /** The actor that carries the task, while one does. */
  #actor: unknown
  #isAssigning = false
  readonly engine: Engine
  #timers: { due: number; fire: () => void }[] = []
  #taken: (() => void)[] = []
  /** What is to be said of the redirect that waits. */
  #hop: ((refusal: HopRefusal | undefined) => void) | undefined
  #soon: (() => void)[] = []
  readonly #wheel: Wheel
  /** Answers come over plain HTTP, and exits are compared. */
  readonly #isPlain: boolean

  constructor(isPlain = false) {
    this.#isPlain = isPlain
    const clock: Clock = {
      now: () => this.now,
      wall: () => this.now,
      after: (ms, fire) => {
        const timer = { due: this.now + ms, fire }
        this.#timers.push(timer)
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer)
        }
      },
      soon: (fire) => void this.#soon.push(fire),
    }
    const transport: Transport = {
      send: (call) => {
        const entry: Call = { call, isCancelled: false }
        if (call.request.url.endsWith('/other')) this.others.push(entry)
        else {
          this.calls.push(entry)
          this.started++
          if (this.results.length === this.jobs) this.startedAfterOver++
          if (this.isDrained) this.startedAfterDrain++
        }
        return {
          cancel: () => {
            entry.isCancelled = true
          },
        }
      },
      forget: () => {},
      close: async () => {},
    }
    this.#wheel = new Wheel(clock)
    const options = parseOptions({
      politeness: false,
      concurrency: 1,
      hedge: { max: 2, coldDelay: 100, share: 1 },
      budgets: { target: 2 },
    })
    this.engine = new Engine({
      options,
      clock,
      wheel: this.#wheel,
      transport,
      seed: 1,
      telling: new Telling({ isHeard: () => false, announce: () => {} }, false, clock),
    })
    for (let n = 1; n <= 3; n++) this.engine.join(parseProxy(`socks5://192.0.2.${n}:1080`))
    const nobody = () => {}
    const moved: Watcher['moved'] = (...step) => this.#moved(...step)
    watch(this.engine.root, { came: nobody, told: nobody, left: nobody, moved })
  }

  get state(): string {
    return this.#states.get(this.#actor) ?? 'idle'
  }

  get isTaskOut(): boolean {
    return this.jobs > this.results.length
  }

  get mustTake(): boolean {
    return this.#taken.length > 0
  }

  get pool() {
    return this.engine.router.pools.get('host.example')
  }

  /** Timers on the wheel: the router's sleep timer counts as one. */
  get armed(): number {
    return this.#wheel.armed
  }

  get mayRedirect(): boolean {
    const isFirst = this.jobs === 1 && this.started === this.calls.length && this.isDirect
    return isFirst && this.hops === 0 && !this.isCrowded && !this.engine.router.isPaused
  }

  /** The moves that are possible now. */
  moves(): Move[] {
    const moves: Move[] = []
    if (this.jobs === 0 || (this.state === 'idle' && this.jobs < 2)) {
      moves.push({ type: 'assign', direct: true }, { type: 'assign', direct: false })
    }
    const running = this.calls.length
    for (const attempt of running > 1
      ? (['oldest', 'newest', 'both'] as const)
      : running === 1
        ? (['oldest'] as const)
        : []) {
      for (const how of ['page', 'refused', 'status-500', 'stale-socket'] as const)
        moves.push({ type: 'finish', attempt, how })
      // Of the first task alone, and once: all that may follow is walked again behind each.
      if (this.mayRedirect) moves.push({ type: 'finish', attempt, how: 'redirect' })
    }
    if (this.#hop) moves.push({ type: 'admit' }, { type: 'forbid' })
    if (this.jobs > 0) moves.push({ type: 'pass', ms: 150 }, { type: 'pass', ms: 2_000 })
    if (this.isTaskOut) moves.push({ type: 'abandon' })
    if (this.isTaskOut && !this.isDrained) moves.push({ type: 'drain' })
    moves.push(this.engine.router.isPaused ? { type: 'resume' } : { type: 'pause' })
    if (this.mustTake) moves.push({ type: 'take' })
    if (!this.isCrowded) moves.push({ type: 'crowd' })
    else if (this.others.length > 0) moves.push({ type: 'clear' })
    return moves
  }

  make(move: Move): void {
    this.#do(move)
    this.#judge()
  }

  #do(move: Move): void {
    if (move.type === 'assign') this.#assign(move.direct)
    else if (move.type === 'crowd') this.#crowd()
    else if (move.type === 'hear') for (const n of exits) this.engine.trust.begin(n, { judged: () => {} })
    else if (move.type === 'heard') this.#heard(move.honest)
    else if (move.type === 'clear') this.#finish(this.others.shift()!, 'page')
    else if (move.type === 'finish') {
      // Two answers that are read in one go are judged together, one after the other.
      const isBoth = move.attempt === 'both'
      const ending = isBoth
        ? this.calls.splice(0)
        : [move.attempt === 'oldest' ? this.calls.shift()! : this.calls.pop()!]
      for (const each of ending) this.#finish(each, move.how)
    } else if (move.type === 'pass') this.#pass(move.ms)
    else if (move.type === 'admit' || move.type === 'forbid') {
      const say = this.#hop!
      this.#hop = undefined
      say(move.type === 'admit' ? undefined : { reason: 'robots', detail: 'robots.txt disallows it' })
    } else if (move.type === 'abandon') this.engine.crew.abandon(`t${this.jobs}`, 'aborted')
    else if (move.type === 'drain') {
      this.isDrained = true
      this.engine.crew.drain(`t${this.jobs}`)
    } else if (move.type === 'pause') this.engine.router.isPaused = true
    else if (move.type === 'resume') {
      this.engine.router.isPaused = false
      this.engine.router.wakeAll()
    } else this.#taken.shift()!()
  }

  #assign(isDirect: boolean): void {
    this.jobs++
    this.started = 0
    this.hops = 0
    this.#hop = undefined
    this.isDrained = false
    this.isDirect = isDirect
    this.#isAssigning = true
    const settle = (result: TaskResult): void | Promise<void> => {
      this.results.push(result)
      if (isDirect) return
      // A promise by contract; a thenable here, so that the walker says when it resolves.
      return { then: (taken: () => void) => void this.#taken.push(taken) } as unknown as Promise<void>
    }
    const hop: TaskJob['hop'] = () => {
      // A promise by contract; one that resolves when the walker says so.
      const promise = Promise.resolve(undefined)
      promise.then = ((say: (refusal: HopRefusal | undefined) => void) => {
        this.#hop = say
        return promise
      }) as typeof promise.then
      return promise
    }
    const request = { ...job.request, url: this.#isPlain ? 'http://host.example/' : job.request.url }
    this.engine.accept({ ...job, request, id: `t${this.jobs}`, deadlineMs: 6_000, settle, hop } as TaskJob)
  }

  #crowd(): void {
    this.isCrowded = true
    const settle = () => {
      this.isCrowded = false
    }
    const request = { ...job.request, url: 'https://host.example/other' }
    this.engine.accept({ ...job, id: 'other', request, mayHedge: false, settle })
  }

  #finish(entry: Call, how: (Move & { type: 'finish' })['how']): void {
    const times = { connectMs: 1, firstByteMs: 10, totalMs: 10, bytes: 10, reused: false }
    const verified = !this.#isPlain
    const fault = (phase: Phase, cause: FaultCause): Exchange => ({
      kind: 'fault',
      phase,
      cause,
      detail: cause,
      ...times,
      firstByteMs: undefined,
      verified: false,
    })
    const response = (status: number, headers: Record<string, string> = {}): Exchange => ({
      kind: 'response',
      url: 'https://host.example/',
      status,
      headers: { 'content-type': 'text/plain', ...headers },
      body: new Uint8Array([104, 105]),
      redirects: [],
      verified,
      forwarded: false,
      ...times,
    })
    if (entry.isCancelled) entry.call.deliver(fault('local', 'cancelled'))
    else if (how === 'refused') entry.call.deliver(fault('dial', 'dial-refused'))
    else if (how === 'stale-socket') entry.call.deliver(fault('headers', 'stale-socket'))
    else if (how === 'redirect') {
      this.hops++
      entry.call.deliver(response(302, { location: '/elsewhere' }))
    } else entry.call.deliver(response(how === 'page' ? 200 : 500))
  }

  #heard(areHonest: boolean): void {
    const { trust } = this.engine
    for (const n of areHonest ? exits : []) {
      trust.honesty.confirm(n, kinds.text)
      trust.honesty.join(exits[0], n)
    }
    for (const n of exits) trust.end(n)
  }

  #pass(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const next = this.#timers.toSorted((one, other) => one.due - other.due)[0]
      if (!next || next.due > until) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.now = Math.max(this.now, next.due)
      next.fire()
      this.#judge()
    }
    this.now = until
  }

  /** What has arrived is judged when everything that was ready has been read. */
  #judge(): void {
    while (this.#soon.length > 0) this.#soon.shift()!()
  }

  #moved(...[actor, event, , after, taken]: Parameters<Watcher['moved']>): void {
    const { machine, value } = after as { machine: { id: string }; value: object | string }
    if (machine.id !== 'task') return
    const to = typeof value === 'string' ? value : Object.entries(value)[0]!.join('.')
    const from = this.#states.get(actor) ?? 'idle'
    if (event.type === 'assigned' && this.#isAssigning) {
      this.#isAssigning = false
      this.#actor = actor
    }
    this.transitions.push({ from, taken: [taken!] })
    this.#states.set(actor, to)
    // Back in the crew: the slot may carry the other task next.
    if (actor === this.#actor && to === 'idle') this.#actor = undefined
  }
}
