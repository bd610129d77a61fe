import type { Hub } from '../actors/adopt.ts'
import { redact } from '../base/redact.ts'
import type {
  InspectedActor,
  InspectedEvent,
  InspectedSnapshot,
  InspectedValue,
} from '../contracts/inspection.ts'
import { type ChartName, chartOf, charts } from './charts.ts'

/**
 * What an inspector is shown of an actor. It is built here, of the fields that are named here, and of nothing else: a
 * filter would have to know every secret that somebody may put somewhere, and an inspector walks through whole graphs of
 * objects. Real actors, their contexts and their events are never handed out.
 */
export class ShownActor implements InspectedActor {
  readonly id: string
  readonly sessionId: string
  readonly #parent: ShownActor | undefined
  readonly #chart: ChartName
  #standing: Standing
  /** Where it stood when it was announced. */
  #then: InspectedSnapshot | undefined
  /** Its machine has become a row. */
  isAsleep = false

  constructor(parent: ShownActor | undefined, chart: ChartName, id: string, standing: Standing) {
    this.id = id
    this.sessionId = parent === undefined ? id : `${parent.sessionId}/${id}`
    this.#parent = parent
    this.#chart = chart
    this.#standing = standing
  }

  // No fields: who prints an actor prints its names.

  get _parent(): ShownActor | undefined {
    return this.#parent
  }

  get logic(): { readonly config: object } {
    const { config, isStatechart } = charts[this.#chart]
    // A chart has a name of its own; an actor without one gives its own.
    return { config: isStatechart ? config : { ...config, id: this.id } }
  }

  get chart(): ChartName {
    return this.#chart
  }

  getSnapshot(): InspectedSnapshot {
    if (this.#then !== undefined) return this.#then
    const { status, value, context } = this.#standing()
    const shown = { ...contextOf(this.#chart, context), ...(this.isAsleep && { asleep: true }) }
    return standing(this.isAsleep ? 'active' : status, value, shown)
  }

  /** The same, as it is now: an official inspector looks at what it is told only a moment later. */
  asOfNow(): ShownActor {
    const now = new ShownActor(this.#parent, this.#chart, this.id, this.#standing)
    now.#then = this.getSnapshot()
    return now
  }

  /** It lives again, as another machine. */
  wake(standing: Standing): void {
    this.#standing = standing
    this.isAsleep = false
  }
}

/** Where the real one stands. */
export type Standing = () => { readonly status: string; readonly value?: unknown; readonly context?: unknown }

/** A pool that sleeps: a row, of which an inspector is shown as much as of one that is awake. */
export interface SleepingPool {
  readonly host: string
  readonly state: string
  readonly reason: string
  /** Clock ms; 0 when that is not the matter. */
  readonly until: number
}

/** Where a living actor stands. A callback actor stands where its input says. */
export function standingOf(actor: Hub): Standing {
  return () => {
    const { status, value, context, input } = actor.getSnapshot()
    return { status, value, context: context ?? input }
  }
}

/** Where it stands after a step. */
export function snapshotOf(actor: Hub, { status, value, context }: ReturnType<Standing>): InspectedSnapshot {
  return standing(status, value, contextOf(chartOf(actor), context))
}

/** What an actor is told, with the fields that say something to people. */
export function eventOf(source: Hub, target: Hub, event: Named): InspectedEvent {
  const { type } = event
  const built = pick(event, fieldsOf[type] ?? [])
  const own = ownFields[type]?.(event as Brings, source, target) ?? {}
  return { type, ...built, ...own }
}

type Fields = Readonly<Record<string, InspectedValue>>
type Named = { readonly type: string }

/** What stands in the contexts of each kind. Where work is done by an object, that says itself what may be seen of it. */
const contextFields: Readonly<Record<ChartName, readonly string[]>> = {
  proxy: [
    ...['scope', 'alpha', 'beta', 'run', 'seen', 'failedShare', 'slowShare', 'reopens', 'proven'],
    ...['openUntil', 'openedAt', 'probeUntil', 'epoch', 'reason'],
  ],
  pool: ['host', 'reason', 'until', 'inFlight', 'waiting'],
  task: ['task', 'host', 'attempts', 'running'],
  attempt: ['attempt', 'proxy', 'isRunning'],
  router: ['pools', 'ready'],
  crawl: [
    'crawl',
    'source',
    'pages',
    'items',
    'requests',
    'queued',
    'running',
    'earlier',
    'deadLetters',
    'rate',
  ],
  hub: [],
}

function contextOf(chart: ChartName, context: unknown): Fields {
  if (!isObject(context)) return {}
  const { port, work } = context as { port?: Told; work?: Told }
  return pick({ ...context, ...port?.toJSON?.(), ...work?.toJSON?.() }, contextFields[chart])
}

/** What says of itself what an inspector may see of it. */
interface Told {
  toJSON?(): object
}

/** Which fields of an event are shown, by its name. Names of events are unique, or mean the same wherever they are told. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  // to a proxy
  succeeded: ['at', 'epoch', 'times', 'slow', 'alpha', 'beta'],
  failed: [
    'at',
    'epoch',
    'weight',
    'hard',
    'fatal',
    'permanent',
    'mayTrip',
    'norm',
    'alpha',
    'beta',
    'reason',
  ],
  released: ['epoch'],
  'cooldown.elapsed': ['at'],
  'probe.leased': ['at', 'expires'],
  refunded: ['since', 'alpha', 'beta'],
  weighed: ['alpha', 'beta'],
  isolate: ['reason'],
  retire: ['reason'],
  // to a pool
  'host.limited': ['until', 'reason'],
  'host.failed': ['until', 'reason'],
  'canary.failed': ['until'],
  'pause.elapsed': ['at'],
  'proxies.exhausted': ['until', 'reason'],
  // to a task
  'lease.refused': ['isHopeless', 'mustPark'],
  'attempt.finished': ['next'],
  'held.judged': ['next'],
  abandoned: ['reason'],
  // to the router
  'pool.open': ['host'],
  'pool.wake': ['host'],
  'pool.sleep': ['host'],
  'pool.close': ['host'],
  // to those who look
  'inspector.left-out': ['requests', 'events', 'snapshots', 'actors'],
}

interface Brings {
  readonly lease?: { readonly endpoint: { readonly id: string } }
  readonly refusal?: object
}

/** What more is said, of what the event brings or of who is told. */
const ownFields: Readonly<Record<string, (event: Brings, source: Hub, target: Hub) => Fields>> = {
  assigned: (_event, _source, target) => pick(standingContext(target), ['task', 'host']),
  'lease.request': (_event, source) => pick(standingContext(source), ['task']),
  'lease.granted': ({ lease }) => ({
    proxy: lease?.endpoint.id,
    ...pick(lease ?? {}, ['why', 'expected', 'candidates']),
  }),
  'lease.refused': ({ refusal }) => pick(refusal ?? {}, ['reason', 'until']),
  'attempt.finished': (_event, source) => pick(standingContext(source), ['attempt', 'proxy']),
}

function standingContext(actor: Hub): object {
  const { context } = standingOf(actor)()
  return contextOf(chartOf(actor), context)
}

/** The named fields that are names or numbers. */
function pick(from: object, fields: readonly string[]): Fields {
  const built: Record<string, InspectedValue> = {}
  for (const field of fields) {
    const value: unknown = (from as Record<string, unknown>)[field]
    if (typeof value === 'number' || typeof value === 'boolean') built[field] = value
    else if (typeof value === 'string') built[field] = field === 'reason' ? word(value) : value
  }
  return built
}

/** The longest that is still a reason. */
const longest = 60

/** Reasons may come from the user's own classifiers, which have seen the page: what is no short, plain text is not shown. */
function word(text: string): string {
  const bare = redact(text)
  return bare.length <= longest && /^[\p{L}\p{N} .,'’()-]*$/u.test(bare) ? bare : '…'
}

function standing(status: string, value: unknown, context: Fields): InspectedSnapshot {
  return {
    status: status as InspectedSnapshot['status'],
    value: value as InspectedSnapshot['value'],
    context,
    output: undefined,
    error: undefined,
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
