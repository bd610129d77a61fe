import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'
import { type Hub, living, parentOf, type Watcher, watch } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type {
  InspectedEvent,
  InspectionEvent,
  InspectionObserver,
  InspectOptions,
} from '../contracts/inspection.ts'
import type { Fence } from '../fences/fence.ts'
import { chartOf } from './charts.ts'
import { InspectionBudget } from './inspection-budget.ts'
import { eventOf, ShownActor, type SleepingPool, snapshotOf, standingOf } from './shown-actor.ts'

/**
 * The machines, live, for one observer. It is told of every actor that lives, parents first, then of those that come, and of
 * each change. Ten thousand requests a second are more than anybody can look at, so requests are sampled: a request is
 * shown from its first event to its last, or not at all. What changes the state of a proxy, a host or a crawl is always
 * shown, also when the request that has caused it is not. An observer that is slow is told less; when it has time
 * again it is told where those actors stand that it has missed. What was left out is counted, and told.
 *
 * A crawler that nobody watches does nothing of this: see `Watcher` in src/actors/adopt.ts.
 */
export interface InspectorParts {
  readonly engine: Inspectable
  readonly clock: Clock
  readonly wheel: Wheel
  readonly observer: InspectionObserver<InspectionEvent>
  /** Hears of an observer that threw, or whose promise was rejected: it is told no more. */
  readonly fence: Fence
}

/** What is looked at: an engine. */
interface Inspectable {
  readonly root: Hub
  readonly router: {
    /** What the pools live under. */
    readonly actor: Hub
    /** Pools that sleep: they have no machine, and are there all the same. */
    sleeping(): Iterable<SleepingPool>
  }
  /** Until the returned function is called, machines hear at once of what these holders of a lease bring home. */
  watch(wants: (holder: object | undefined) => boolean): () => void
}

const defaults = { attempts: false, unchanged: false, rate: 1_000, actors: 5_000 }

/** How often it is told what was left out, and of actors that it has missed, ms. */
const pause = 250

type Step = AnyMachineSnapshot

export class Inspector implements Watcher {
  readonly leftOut = { requests: 0, events: 0, snapshots: 0, actors: 0 }
  readonly #parts: InspectorParts
  readonly #options: typeof defaults
  readonly #budget: InspectionBudget
  readonly #timer: Timer
  /** All that it has been told of, by their paths: a machine that lives again is who it was. */
  readonly #known = new Map<string, ShownActor>()
  readonly #shown = new Map<Hub, ShownActor>()
  /** Those that stand elsewhere than it was told. */
  readonly #missed = new Set<Hub>()
  /** Tasks whose present request is shown. */
  readonly #requests = new Set<Hub>()
  /** The latest event of all: a step that it leads to is told with it. */
  #lastSource: Hub | undefined
  #lastEvent: AnyEventObject | undefined
  /** Events that it was told of, as it was told of them. */
  readonly #told = new WeakMap<AnyEventObject, InspectedEvent>()
  #toldLeftOut = 0
  #unwatch: (() => void) | undefined

  constructor(parts: InspectorParts, options: InspectOptions) {
    this.#parts = parts
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    this.#options = { ...defaults, ...Object.fromEntries(given) }
    this.#budget = new InspectionBudget(parts.clock, this.#options.rate, options.isBusy)
    this.#timer = new Timer(() => this.#catchUp())
  }

  /** Tells of all that lives, and from then on of all that happens. */
  attach(): void {
    const { engine } = this.#parts
    const { root, router } = engine
    if (!living(root).has(root)) return this.#complete()
    const unwatch = [engine.watch((holder) => this.#wants(holder)), watch(root, this)]
    this.#unwatch = () => {
      for (const each of unwatch) each()
    }
    const all = [...living(root)].filter((actor) => this.#isOfInterest(actor))
    for (const actor of all) {
      const isUnderWay = chartOf(actor) === 'task' && rankOf(actor) === firstOfAll
      if (isUnderWay && this.#budget.mayBegin()) this.#requests.add(actor)
    }
    if (all.length > this.#options.actors) all.sort((one, other) => rankOf(one) - rankOf(other))
    for (const actor of all) this.came(actor)
    for (const pool of router.sleeping()) this.#announceRow(pool)
  }

  /** It is told of nothing any more but of what was left out. */
  detach(): void {
    if (!this.isAttached) return
    this.#tellLeftOut()
    this.#end()
  }

  get isAttached(): boolean {
    return this.#unwatch !== undefined
  }

  /** Whether it is shown at once what this holder of a lease brings home. */
  #wants(holder: object | undefined): boolean {
    return holder === undefined || this.#requests.has(holder as Hub)
  }

  // Watcher: what happens.

  came(actor: Hub): void {
    if (!this.#isOfInterest(actor)) return
    const known = this.#known.get(this.#pathOf(actor))
    if (known) {
      known.wake(standingOf(actor))
      this.#shown.set(actor, known)
    } else if (!this.#makeRoom()) {
      this.leftOut.actors++
      this.#tellLater()
    } else if (this.#budget.hasTime()) this.#announce(actor)
    else this.#miss(actor)
  }

  told(source: Hub, target: Hub, event: AnyEventObject): void {
    this.#lastSource = source
    this.#lastEvent = event
    // That a host is opened is news, whatever request it is for.
    const task = target === this.#parts.engine.router.actor ? undefined : (taskOf(target) ?? taskOf(source))
    if (task !== undefined && target === task && event.type === 'assigned') this.#begin(task)
    if (task === undefined ? this.#budget.mayTell() : this.#isShown(task)) {
      if (this.#isOfInterest(target)) this.#tellEvent(source, target, event, task === undefined ? 1 : 0)
    } else this.leftOut.events++
  }

  moved(actor: Hub, event: AnyEventObject, before: Step, after: Step): void {
    const hasChanged = !isSame(before.value, after.value) || before.status !== after.status
    const isTask = chartOf(actor) === 'task'
    const isWanted = hasChanged || (this.#options.unchanged && this.#told.has(event))
    if (!isWanted || (isTask && !this.#requests.has(actor))) {
      this.leftOut.snapshots++
      return
    }
    if (isTask && after.value === 'idle') this.#requests.delete(actor)
    if (!(isTask ? this.#budget.hasTime() : this.#budget.mayTell())) return this.#miss(actor)
    if (!this.#told.has(event) && this.#lastEvent === event)
      this.#tellEvent(this.#lastSource!, actor, event, 1)
    this.#tellSnapshot(actor, event, after, isTask ? 0 : 1)
  }

  left(actor: Hub): void {
    this.#requests.delete(actor)
    this.#missed.delete(actor)
    const shown = this.#shown.get(actor)
    if (!shown) return
    this.#shown.delete(actor)
    if (actor === this.#parts.engine.root) return this.#close(shown)
    // Machines of a host go back to rows, and are what they were when they live again.
    if (shown.chart === 'pool' || shown._parent?.chart === 'pool') {
      shown.isAsleep = true
      return
    }
    this.#known.delete(shown.sessionId)
    if (!this.#budget.hasTime()) return
    this.#next({
      type: '@xstate.snapshot',
      rootId,
      actorRef: shown,
      event: stopped,
      snapshot: shown.getSnapshot(),
    })
  }

  // What is told.

  #begin(task: Hub): void {
    if (this.#budget.mayBegin()) {
      this.#requests.add(task)
      return
    }
    this.#requests.delete(task)
    this.leftOut.requests++
    this.#tellLater()
  }

  #isShown(task: Hub): boolean {
    if (!this.#requests.has(task)) return false
    if (this.#budget.hasTime()) return true
    // It has no time for the rest of it.
    this.#requests.delete(task)
    this.#miss(task)
    return false
  }

  #tellEvent(source: Hub, target: Hub, event: AnyEventObject, price: number): void {
    const [sourceRef, actorRef] = [this.#refOf(source), this.#refOf(target)]
    if (!sourceRef || !actorRef) {
      this.leftOut.events++
      return
    }
    const shown = eventOf(source, target, event)
    this.#told.set(event, shown)
    this.#next({ type: '@xstate.event', rootId, actorRef, sourceRef, event: shown }, price)
  }

  #tellSnapshot(actor: Hub, event: AnyEventObject, after: Step, price: number): void {
    const actorRef = this.#refOf(actor)
    if (!actorRef) {
      this.leftOut.snapshots++
      return
    }
    const shown = this.#told.get(event) ?? eventOf(actor, actor, event)
    const snapshot = snapshotOf(actor, after)
    this.#next({ type: '@xstate.snapshot', rootId, actorRef, event: shown, snapshot }, price)
    if (after.status !== 'active') {
      this.#shown.delete(actor)
      this.#known.delete(actorRef.sessionId)
    }
  }

  #announce(actor: Hub): ShownActor {
    const parent = parentOf(actor)
    const above = parent && (this.#shown.get(parent) ?? this.#announce(parent))
    const shown = new ShownActor(above, chartOf(actor), actor.id, standingOf(actor))
    this.#missed.delete(actor)
    this.#shown.set(actor, shown)
    return this.#tellOf(shown)
  }

  #announceRow({ host, state, reason, until }: SleepingPool): void {
    const router = this.#shown.get(this.#parts.engine.router.actor)
    if (!router || this.#known.has(`${router.sessionId}/${host}`)) return
    if (!this.#makeRoom() || !this.#budget.hasTime()) {
      this.leftOut.actors++
      return
    }
    const context = { host, reason, until }
    const row = new ShownActor(router, 'pool', host, () => ({ status: 'active', value: state, context }))
    row.isAsleep = true
    this.#tellOf(row)
  }

  #tellOf(shown: ShownActor): ShownActor {
    this.#known.set(shown.sessionId, shown)
    this.#next({ type: '@xstate.actor', rootId, actorRef: shown.asOfNow() }, 0)
    return shown
  }

  #next(event: InspectionEvent, messages = 1): void {
    if (!this.isAttached) return
    try {
      const answer = this.#budget.spend(messages, () => this.#parts.observer.next?.(event))
      if (answer instanceof Promise) this.#await(answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  #await(promise: Promise<unknown>): void {
    this.#budget.promises++
    promise.then(
      () => this.#budget.promises--,
      (error: unknown) => this.#fail(error),
    )
  }

  #fail(error: unknown): void {
    if (!this.isAttached) return
    this.#end()
    this.#parts.fence.threw('An inspector', error, 'It is detached.')
  }

  #end(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#parts.wheel.disarm(this.#timer)
    for (const memory of [this.#known, this.#shown, this.#missed, this.#requests]) memory.clear()
  }

  /** The crawler has stopped. */
  #close(root: ShownActor): void {
    this.#catchUp()
    this.#next({
      type: '@xstate.snapshot',
      rootId,
      actorRef: root,
      event: stopped,
      snapshot: root.getSnapshot(),
    })
    if (!this.isAttached) return
    this.#end()
    this.#complete()
  }

  #complete(): void {
    const { observer, fence } = this.#parts
    try {
      observer.complete?.()
    } catch (error) {
      fence.threw('An inspector', error, 'It was detached already.')
    }
  }

  // What it has missed.

  #miss(actor: Hub): void {
    this.#missed.add(actor)
    this.#tellLater()
  }

  #tellLater(): void {
    const { wheel, clock } = this.#parts
    if (!this.#timer.armed && this.isAttached) wheel.arm(this.#timer, clock.now() + pause)
  }

  #catchUp(): void {
    for (const actor of this.#missed) {
      if (!this.#budget.hasTime()) break
      this.#missed.delete(actor)
      const shown = this.#shown.get(actor)
      if (!shown) this.#announce(actor)
      else {
        const snapshot = shown.getSnapshot()
        this.#next({ type: '@xstate.snapshot', rootId, actorRef: shown, event: missed, snapshot })
      }
    }
    this.#tellLeftOut()
    if (this.#missed.size > 0) this.#tellLater()
  }

  #tellLeftOut(): void {
    const { requests, events, actors } = this.leftOut
    const sum = requests + actors
    const root = this.#shown.get(this.#parts.engine.root)
    if (sum === this.#toldLeftOut || !root || !this.#budget.hasTime()) return
    this.#toldLeftOut = sum
    const event = { type: 'inspector.left-out', requests, events, snapshots: this.leftOut.snapshots, actors }
    this.#next({ type: '@xstate.event', rootId, actorRef: root, sourceRef: root, event })
  }

  // Who is shown.

  /** As it is shown; undefined when there are too many to show it. What was not announced yet is announced now. */
  #refOf(actor: Hub): ShownActor | undefined {
    const seen = this.#isOfInterest(actor) ? actor : parentOf(actor)!
    const shown = this.#shown.get(seen)
    if (shown || !this.#makeRoom()) return shown
    return this.#announce(seen)
  }

  #isOfInterest(actor: Hub): boolean {
    return this.#options.attempts || chartOf(actor) !== 'attempt'
  }

  /** Whether one more may be shown. Those whose machines sleep make room, the longest known first. */
  #makeRoom(): boolean {
    if (this.#known.size < this.#options.actors) return true
    for (const [path, shown] of this.#known) {
      if (!shown.isAsleep) continue
      this.#known.delete(path)
      return true
    }
    return false
  }

  #pathOf(actor: Hub): string {
    const parent = parentOf(actor)
    return parent ? `${this.#pathOf(parent)}/${actor.id}` : actor.id
  }
}

const rootId = 'crawler'
const stopped = { type: 'xstate.stop' } as const
/** It stands elsewhere, and what has led there was not told. */
const missed = { type: 'inspector.missed' } as const

const firstOfAll = 2

/** Where there are too many: parents first, then hosts, then those that stand elsewhere than usual, then the fleet. */
function rankOf(actor: Hub): number {
  const chart = chartOf(actor)
  if (chart === 'hub' || chart === 'router' || chart === 'crawl') return 0
  if (chart === 'pool') return 1
  const { value } = actor.getSnapshot() as { value?: unknown }
  if (chart === 'attempt') return 6
  if (value !== 'closed' && value !== 'idle') return firstOfAll
  if (chart === 'task') return 4
  return chartOf(parentOf(actor)!) === 'hub' ? 3 : 5
}

function taskOf(actor: Hub): Hub | undefined {
  const chart = chartOf(actor)
  if (chart === 'task') return actor
  return chart === 'attempt' ? parentOf(actor) : undefined
}

/** `serving`, or `{ waiting: 'parked' }`. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object') return false
  return JSON.stringify(one) === JSON.stringify(other)
}
