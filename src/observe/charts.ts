import { type AnyStateMachine, createMachine } from 'xstate'
import { attemptEvents, attemptLogic } from '../../machines/attempt.ts'
import { crawlMachine } from '../../machines/crawl.ts'
import { hubLogic } from '../../machines/hub.ts'
import { poolMachine } from '../../machines/pool.ts'
import { proxyMachine } from '../../machines/proxy.ts'
import { routerEvents, routerLogic } from '../../machines/router.ts'
import { taskMachine } from '../../machines/task.ts'

/**
 * Every kind of actor that there is, with its chart as plain data: what an inspector draws, and what `regatta machines`
 * prints. Three kinds have no chart, because they stand nowhere: they do what they are told. Theirs has one state, with
 * the events that they take.
 */
export const chartNames = ['crawl', 'router', 'pool', 'proxy', 'task', 'attempt', 'hub'] as const

export type ChartName = (typeof chartNames)[number]

export interface Chart {
  readonly name: ChartName
  /** What it is for, in one or two sentences. */
  readonly description: string
  /** False for actors that stand nowhere. */
  readonly isStatechart: boolean
  /** What `createMachine` of XState takes, without code. */
  readonly config: ChartConfig
}

/** A chart, or a state of one. */
export interface ChartConfig {
  readonly id?: string
  readonly description?: string
  readonly initial?: string
  readonly type?: string
  readonly entry?: string | readonly string[]
  readonly exit?: string | readonly string[]
  readonly on?: Readonly<Record<string, ChartStep | readonly ChartStep[]>>
  readonly states?: Readonly<Record<string, ChartConfig>>
}

/** What a state does with an event. */
export interface ChartStep {
  /** `open`, `.parked`, `waiting.parked`; undefined where the state is not left. */
  readonly target?: string
  readonly guard?: string
  readonly actions?: string | readonly string[]
  readonly description?: string
}

/** What an event does in a state: a chart may give one step or several. */
export function stepsOf(steps: ChartStep | readonly ChartStep[]): readonly ChartStep[] {
  return Array.isArray(steps) ? steps : [steps as ChartStep]
}

/** Names of actions: a chart may give one or several. */
export function listOf(names: string | readonly string[] | undefined): readonly string[] {
  return names === undefined ? [] : typeof names === 'string' ? [names] : names
}

export const charts: Readonly<Record<ChartName, Chart>> = {
  crawl: statechart('crawl', crawlMachine.config),
  router: outline(
    'router',
    'It owns the pools, one for each host: opening, waking, sleeping and closing one are its events.',
    routerEvents,
  ),
  pool: statechart('pool', poolMachine.config),
  proxy: statechart('proxy', proxyMachine.config),
  task: statechart('task', taskMachine.config),
  attempt: outline(
    'attempt',
    'One request over one proxy. It is told to start, may be told to stop, and reports exactly once what came of it.',
    attemptEvents,
  ),
  hub: outline(
    'hub',
    'A parent of many actors of one kind: the crawler, its fleet of proxies, its tasks. It does nothing itself.',
    {},
  ),
}

const machines: Partial<Record<ChartName, AnyStateMachine>> = {
  crawl: crawlMachine,
  pool: poolMachine,
  proxy: proxyMachine,
  task: taskMachine,
}

/** The machine that runs; of an actor without a chart, one that is drawn the same way. */
export function machineOf({ name, config }: Chart): AnyStateMachine {
  return machines[name] ?? (createMachine(config as never) as AnyStateMachine)
}

const ofCallbacks = new Map<unknown, ChartName>([
  [routerLogic, 'router'],
  [attemptLogic, 'attempt'],
  [hubLogic, 'hub'],
])

/** Which kind of actor it is. */
export function chartOf(actor: object): ChartName {
  const { logic } = actor as { logic: { id?: ChartName } }
  return logic.id ?? ofCallbacks.get(logic)!
}

function statechart(name: ChartName, given: object): Chart {
  // Code has no place in data: what computes the context is left out.
  const config = JSON.parse(JSON.stringify(given)) as ChartConfig
  return { name, description: config.description ?? '', isStatechart: true, config }
}

function outline(name: ChartName, description: string, events: Readonly<Record<string, string>>): Chart {
  const on = Object.fromEntries(Object.entries(events).map(([type, text]) => [type, { description: text }]))
  const active = { description: 'It stands nowhere: it does what it is told.', on }
  return {
    name,
    description,
    isStatechart: false,
    config: { id: name, description, initial: 'active', states: { active } },
  }
}
