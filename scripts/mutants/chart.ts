/**
 * What can be turned off in a statechart, read from the configuration it was written in: each guard, each transition, each
 * action of a transition, each action on entry and on exit. Nested states, lists of transitions, `always`, `after` and
 * `onDone` are all the same here.
 */
export interface Mutant {
  /** `proxy halfOpen, succeeded [proves] → closed: guard always true`. */
  readonly id: string
  readonly chart: string
  readonly state: string
  /** The event, or `always`, `entry`, `exit`. */
  readonly event: string
  /** `[proves] → closed / close`; empty for entry and exit. */
  readonly step: string
  readonly change: Change
  /** What must have been seen in a run, or else the mutant cannot have made a difference to it. */
  readonly reachedBy: string
}

/** `off` is a transition that is never taken; with a guard this is the guard that is always false. */
export type Change = 'guard always true' | 'guard always false' | 'off' | `without ${string}`

export interface ChartConfig extends StateConfig {
  readonly id?: string
}

interface StateConfig {
  readonly states?: Readonly<Record<string, StateConfig>>
  readonly on?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
  readonly always?: unknown
  readonly onDone?: unknown
  readonly entry?: unknown
  readonly exit?: unknown
}

export interface Step {
  readonly guard?: unknown
  readonly target?: string
  readonly actions?: readonly unknown[]
}

/** A transition, or the actions on entry or exit of a state. */
export interface Place {
  readonly chart: string
  readonly state: string
  readonly event: string
  /** Says which of the event's transitions; empty for entry and exit. */
  readonly step: string
  /** All of it, as a sentence. */
  readonly name: string
}

/** What becomes of each part; undefined removes a step. */
export interface Rewriter {
  step(place: Place, step: Step): Step | undefined
  actions(place: Place, actions: readonly unknown[]): readonly unknown[]
}

export function mutantsOf(config: ChartConfig): Mutant[] {
  const mutants: Mutant[] = []
  const add = (place: Place, change: Change, reachedBy: string) => {
    const { chart, state, event, step, name } = place
    mutants.push({ id: `${name}: ${change}`, chart, state, event, step, change, reachedBy })
  }
  rewrite(config, {
    step(place, step) {
      if (step.guard === undefined) add(place, 'off', seen.taken(place))
      else {
        add(place, 'guard always true', seen.refused(place))
        add(place, 'guard always false', seen.taken(place))
      }
      for (const action of step.actions ?? []) add(place, `without ${nameOf(action)}`, seen.taken(place))
      return step
    },
    actions(place, actions) {
      for (const action of actions) add(place, `without ${nameOf(action)}`, seen.taken(place))
      return actions
    },
  })
  return mutants
}

/** The chart with one thing turned off; as it was when the mutant is of another chart. */
export function mutated(config: ChartConfig, id: string): ChartConfig {
  return rewrite(config, {
    step(place, step) {
      if (id === `${place.name}: off` || id === `${place.name}: guard always false`) return undefined
      if (id === `${place.name}: guard always true`) {
        const { guard: _, ...rest } = step
        return rest
      }
      return step.actions ? { ...step, actions: without(step.actions, place, id) } : step
    },
    actions: (place, actions) => without(actions, place, id),
  })
}

function without(actions: readonly unknown[], place: Place, id: string): readonly unknown[] {
  return actions.filter((action) => id !== `${place.name}: without ${nameOf(action)}`)
}

/** What a run notes of a place, and what a mutant looks for. */
export const seen = {
  /** It was taken: its guard, if any, said yes. */
  taken: ({ name }: Place): string => `${name}: taken`,
  /** Its guard said no. */
  refused: ({ name }: Place): string => `${name}: refused`,
}

type Arguments = readonly [argument: never, parameters: never]
type Guard = (...argument: Arguments) => boolean

/** The chart, made to note what happens in it, with the guards and the actions that this takes. */
export function observed(
  config: ChartConfig,
  guards: Readonly<Record<string, unknown>>,
  note: (what: string) => void,
): { config: ChartConfig; guards: Record<string, Guard>; actions: Record<string, () => void> } {
  const watching: Record<string, Guard> = {}
  const noting: Record<string, () => void> = {}
  const watched = rewrite(config, {
    step(place, step) {
      const name = `watch ${place.name}`
      const original = step.guard === undefined ? undefined : (guards[nameOf(step.guard)] as Guard)
      watching[name] = (...argument) => {
        const isTaken = original?.(...argument) ?? true
        note(isTaken ? seen.taken(place) : seen.refused(place))
        return isTaken
      }
      const parameters = (step.guard as { params?: unknown } | undefined)?.params
      return { ...step, guard: parameters === undefined ? name : { type: name, params: parameters } }
    },
    actions(place, actions) {
      const name = `note ${place.name}`
      noting[name] = () => note(seen.taken(place))
      return [name, ...actions]
    },
  })
  return { config: watched, guards: watching, actions: noting }
}

/** Every part of a chart given to the rewriter, and the chart that comes of it. */
export function rewrite(config: ChartConfig, rewriter: Rewriter): ChartConfig {
  return rewriteState(config, config.id ?? 'chart', '*', rewriter)
}

function rewriteState(config: StateConfig, chart: string, state: string, rewriter: Rewriter): StateConfig {
  const changed: Record<string, unknown> = { ...config }
  for (const kind of ['on', 'after'] as const) {
    const events = Object.entries(config[kind] ?? {}).map(([event, steps]) => {
      const name = kind === 'on' ? event : `after ${event}`
      return [event, rewriteSteps(steps, chart, state, name, rewriter)] as const
    })
    if (config[kind]) changed[kind] = Object.fromEntries(events.filter(([, steps]) => steps.length > 0))
  }
  for (const kind of ['always', 'onDone'] as const) {
    if (config[kind] === undefined) continue
    const steps = rewriteSteps(config[kind], chart, state, kind, rewriter)
    if (steps.length > 0) changed[kind] = steps
    else delete changed[kind]
  }
  for (const kind of ['entry', 'exit'] as const) {
    const actions = listOf(config[kind])
    if (actions.length === 0) continue
    const place = { chart, state, event: kind, step: '', name: `${chart} ${state}, ${kind}` }
    const kept = rewriter.actions(place, actions)
    if (kept.length > 0) changed[kind] = kept
    else delete changed[kind]
  }
  if (config.states) {
    const states = Object.entries(config.states).map(([name, child]) => {
      const path = state === '*' ? name : `${state}.${name}`
      return [name, rewriteState(child, chart, path, rewriter)]
    })
    changed.states = Object.fromEntries(states)
  }
  return changed
}

function rewriteSteps(
  steps: unknown,
  chart: string,
  state: string,
  event: string,
  rewriter: Rewriter,
): readonly Step[] {
  const taken = new Map<string, number>()
  return listOf(steps).flatMap((each) => {
    const given = typeof each === 'string' ? { target: each } : (each as Step)
    const step: Step = given.actions === undefined ? given : { ...given, actions: listOf(given.actions) }
    // Two that look the same are counted.
    const looks = describe(step)
    const count = (taken.get(looks) ?? 0) + 1
    taken.set(looks, count)
    const description = count === 1 ? looks : `${looks} (${count})`
    const place = {
      chart,
      state,
      event,
      step: description,
      name: `${chart} ${state}, ${event} ${description}`,
    }
    const kept = rewriter.step(place, step)
    return kept === undefined ? [] : [kept]
  })
}

/** `[proves] → closed / close`. */
function describe({ guard, target, actions = [] }: Step): string {
  const condition = guard === undefined ? '' : `[${nameOf(guard)}] `
  const effect = actions.length === 0 ? '' : ` / ${actions.map(nameOf).join(', ')}`
  return `${condition}→ ${target?.replace(/^\./, '') ?? 'stay'}${effect}`
}

function listOf(part: unknown): readonly unknown[] {
  return part === undefined ? [] : [part].flat()
}

function nameOf(part: unknown): string {
  const name = typeof part === 'string' ? part : (part as { type?: unknown }).type
  if (typeof name === 'string') return name
  throw new Error('A chart names its guards and actions; this one has a nameless one.')
}
