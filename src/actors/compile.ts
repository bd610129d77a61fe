import { RegattaError } from '../contracts/errors.ts'

/**
 * Runs a flat statechart from a table. A transition of an interpreted chart costs 4 to 5 µs, because it computes exit and
 * entry sets that a chart without nesting does not have; a request makes two of them, and they were half of the engine's
 * own cost. The chart stays the only definition: it is read here once, and the actor is an xstate actor with the chart's
 * own snapshots, persistence and inspection. test/machines/compile.test.ts holds both interpreters side by side.
 *
 * What is left out: `@xstate.action` inspection events. What cannot be done is refused at load.
 */
interface Chart {
  readonly config: unknown
  readonly implementations: { readonly guards: object; readonly actions: object }
  /** State nodes; their transitions are what inspectors are shown. */
  readonly states: Readonly<Record<string, { readonly transitions: ReadonlyMap<string, readonly unknown[]> }>>
  readonly root: { readonly transitions: ReadonlyMap<string, readonly unknown[]> }
  resolveState(config: { value: string; context: unknown }): object
  transition(snapshot: never, event: never, scope: never): object
}

interface Arguments {
  readonly context: unknown
  readonly event: { readonly type: string }
}

interface Step {
  readonly guard: ((args: Arguments) => boolean) | undefined
  readonly target: string | undefined
  readonly actions: readonly Action[]
  /** The same in the chart's own terms. */
  readonly definition: unknown
}

interface Scope {
  readonly self: unknown
  readonly system: { _sendInspectionEvent(event: object): void }
}

/** A plain action, or an `assign`: then `assignment` gives the changed part of the context, or is it. */
type Action = ((args: Arguments) => void) & { type?: string; assignment?: unknown }

interface StateConfig {
  readonly on?: Readonly<Record<string, unknown>>
}

const stateKeys = new Set(['on', 'description', 'meta'])
const stepKeys = new Set(['guard', 'target', 'actions', 'description', 'meta'])

/** The same logic, run from a table. Throws INTERNAL for a chart that is more than flat. */
export function compile<Machine extends object>(machine: Machine): Machine {
  const chart = machine as unknown as Chart
  const { states = {}, on: shared = {} } = chart.config as {
    states?: Record<string, StateConfig>
    on?: object
  }
  const table = new Map<string, Map<string, readonly Step[]>>()
  const templates = new Map<string, object>()
  for (const [name, state] of Object.entries(states)) {
    refuseUnknown(state, stateKeys, `state "${name}"`)
    const steps = new Map<string, readonly Step[]>()
    for (const [event, config] of Object.entries({ ...shared, ...state.on })) {
      steps.set(event, readSteps(config, chart, name, event))
    }
    table.set(name, steps)
  }

  const enter = (value: string, context: unknown): object => {
    let template = templates.get(value)
    if (!template) {
      template = chart.resolveState({ value, context })
      templates.set(value, template)
    }
    return { ...template, context }
  }

  const logic = Object.create(machine) as Machine & { transition: unknown }
  logic.transition = (
    snapshot: { value: string; context: unknown; status: string },
    event: { type: string },
    scope: Scope,
  ) => {
    const steps = table.get(snapshot.value)?.get(event.type)
    // Life-cycle events, and anything for an actor that has ended, are the interpreter's.
    if (!steps)
      return event.type.startsWith('xstate.')
        ? chart.transition(snapshot as never, event as never, scope as never)
        : snapshot
    for (const { guard, target, actions, definition } of steps) {
      if (guard && !guard({ context: snapshot.context, event })) continue
      let { context } = snapshot
      for (const action of actions) {
        if (action.type === 'xstate.assign') context = assigned(action.assignment, context, event)
        else action({ context, event })
      }
      const isSame = target === undefined && context === snapshot.context
      const next = isSame ? snapshot : enter(target ?? snapshot.value, context)
      const microstep = { actorRef: scope.self, event, snapshot: next, _transitions: [definition] }
      scope.system._sendInspectionEvent({ type: '@xstate.microstep', ...microstep })
      return next
    }
    return snapshot
  }
  return logic
}

function assigned(assignment: unknown, context: unknown, event: Arguments['event']): unknown {
  const change = typeof assignment === 'function' ? assignment({ context, event }) : assignment
  return { ...(context as object), ...(change as object) }
}

function readSteps(config: unknown, chart: Chart, state: string, event: string): Step[] {
  const where = `state "${state}", event "${event}"`
  const definitions = chart.states[state]!.transitions.get(event) ?? chart.root.transitions.get(event) ?? []
  const list = Array.isArray(config) ? config : [config]
  return list.map(
    (each: { guard?: string; target?: string; actions?: string | readonly string[] }, index) => {
      refuseUnknown(each, stepKeys, where)
      const names = each.actions === undefined ? [] : [each.actions].flat()
      return {
        guard:
          each.guard === undefined
            ? undefined
            : (find(chart.implementations.guards, each.guard, where) as Step['guard']),
        // A shared transition names its target from the root: `.isolated`.
        target: each.target?.replace(/^\./, ''),
        actions: names.map((name) => find(chart.implementations.actions, name, where) as Action),
        definition: definitions[index],
      }
    },
  )
}

function find(implementations: object, name: unknown, where: string): unknown {
  const found = typeof name === 'string' ? (implementations as Record<string, unknown>)[name] : undefined
  if (found === undefined)
    throw new RegattaError('INTERNAL', `compile: ${where} names "${String(name)}", which is not there.`)
  return found
}

function refuseUnknown(config: object, known: ReadonlySet<string>, where: string): void {
  const unknown = Object.keys(config).find((key) => !known.has(key))
  if (unknown !== undefined) {
    throw new RegattaError(
      'INTERNAL',
      `compile: ${where} has "${unknown}"; only flat charts can be compiled.`,
    )
  }
}
