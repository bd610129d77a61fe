import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

/**
 * A statechart as a Mermaid diagram, for docs and for `regatta machines --mermaid`: arrows between states; what a state does
 * without being left is written inside it.
 */
export interface Step {
  readonly from: string
  readonly event: string
  /** `stay` when the state is not left. */
  readonly to: string
  readonly guard: string
  readonly actions: readonly string[]
  /** Written once for all states. */
  readonly isShared: boolean
}

/** A Mermaid stateDiagram-v2: arrows between states; what a state does without leaving is written inside it. */
export function diagramOf(machine: AnyStateMachine): string {
  const shared = [...machine.root.transitions.values()].flat()
  const fromAnywhere = arrowsOf('anyState', shared, machine.root)
  return [
    'stateDiagram-v2',
    `  [*] --> ${machine.root.initial.target[0]!.key}`,
    ...(shared.length > 0 ? ['  state "from any state" as anyState'] : []),
    ...insideOf(machine.root).map((line) => `  ${line}`),
    ...[...fromAnywhere, ...arrowsWithin(machine.root)].map((line) => `  ${line}`),
  ].join('\n')
}

/** States that hold others as blocks, and what states do without leaving. */
function insideOf(node: AnyStateNode): string[] {
  return (Object.values(node.states) as AnyStateNode[]).flatMap((state) => {
    const entry = state.entry.map(nameOf)
    const held = Object.keys(state.states)
    const block =
      held.length === 0
        ? []
        : [
            `state ${state.key} {`,
            `  [*] --> ${state.initial.target[0]!.key}`,
            ...held.map((key) => `  ${key}`),
            '}',
          ]
    const stays = [...state.transitions.values()]
      .flat()
      .map((each) => stepOf(state, each, false))
      .filter(({ to, actions, guard }) => to === 'stay' && (actions.length > 0 || guard === ''))
    return [
      ...block,
      ...(entry.length > 0 ? [`${state.key} : on entry / ${entry.join(', ')}`] : []),
      ...stays.map((step) => `${state.key} : ${labelOf(step, step.event)}`),
      ...insideOf(state),
    ]
  })
}

function arrowsWithin(node: AnyStateNode): string[] {
  return (Object.values(node.states) as AnyStateNode[]).flatMap((state) => [
    ...arrowsOf(state.key, [...[...state.transitions.values()].flat(), ...(state.always ?? [])], state),
    ...(state.type === 'final' ? [`${state.key} --> [*]`] : []),
    ...arrowsWithin(state),
  ])
}

/** One arrow for each target, with everything that leads there. */
function arrowsOf(
  from: string,
  transitions: readonly AnyTransitionDefinition[],
  state: AnyStateNode,
): string[] {
  const arrows = new Map<string, string[]>()
  for (const each of transitions) {
    const target = each.target?.[0]
    if (!target) continue
    const step = stepOf(state, each, false)
    arrows.set(target.key, [...(arrows.get(target.key) ?? []), labelOf(step, step.event)])
  }
  return [...arrows].map(([to, labels]) => `${from} --> ${to} : ${labels.join('<br/>')}`)
}

/** `waiting.parked`. */
export function pathOf(state: AnyStateNode): string {
  return state.path.join('.')
}

export function stepOf(state: AnyStateNode, transition: AnyTransitionDefinition, isShared: boolean): Step {
  return {
    from: pathOf(state),
    event: transition.eventType === '' ? 'always' : transition.eventType,
    to: transition.target?.[0] ? pathOf(transition.target[0]) : 'stay',
    guard: nameOf(transition.guard),
    actions: transition.actions.map(nameOf),
    isShared,
  }
}

export function nameOf(part: unknown): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return part
  const { type } = part as { type?: unknown }
  if (typeof type === 'string') return type
  throw new Error('A chart names its guards and actions; this one has a nameless one.')
}

export function labelOf({ guard, actions }: Step, middle: string): string {
  const condition = guard === '' ? '' : `[${guard}] `
  const effect = actions.length === 0 ? '' : ` / ${actions.join(', ')}`
  return `${condition}${middle}${effect}`
}
