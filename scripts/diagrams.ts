import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { crawlMachine } from '../machines/crawl.ts'
import { poolMachine } from '../machines/pool.ts'
import { proxyMachine } from '../machines/proxy.ts'
import { taskMachine } from '../machines/task.ts'

/**
 * Draws the statecharts. Each becomes a Mermaid diagram in ARCHITECTURE.md, between markers, for people; and a table of
 * every state and every event under test/machines/golden, for review: the diff of a change shows what else
 * the change does. `npm run diagrams` writes both, `-- --check` fails when they are out of date.
 */
export const charts: readonly AnyStateMachine[] = [proxyMachine, poolMachine, taskMachine, crawlMachine]

const root = new URL('../', import.meta.url)
const architecture = new URL('ARCHITECTURE.md', root)

export function goldenFile(machine: AnyStateMachine): URL {
  return new URL(`test/machines/golden/${machine.id}.txt`, root)
}

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

/** The innermost states, in the order of the chart. */
export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const within = (node: AnyStateNode): AnyStateNode[] => {
    const inner = Object.values(node.states) as AnyStateNode[]
    return inner.length === 0 ? [node] : inner.flatMap(within)
  }
  return within(machine.root)
}

/** `waiting.parked`. */
export function pathOf(state: AnyStateNode): string {
  return state.path.join('.')
}

/** What a state does with each event, in the order in which it is tried: its own, then those of the states around it. */
export function stepsFrom(machine: AnyStateMachine, state: AnyStateNode): Step[] {
  const steps: Step[] = []
  /** What a state answers without a guard never reaches the states around it. */
  const answered = new Set<string>()
  for (let owner: AnyStateNode | undefined = state; owner; owner = owner.parent) {
    if (owner === machine.root && state.type === 'final') break
    const own = [...owner.transitions.values()].flat().filter(({ eventType }) => !answered.has(eventType))
    for (const each of own) steps.push(stepOf(state, each, owner !== state))
    for (const { guard, eventType } of own) if (guard === undefined) answered.add(eventType)
  }
  const always = (state.always ?? []).map((each) => stepOf(state, each, false))
  return [...steps, ...always]
}

function stepOf(state: AnyStateNode, transition: AnyTransitionDefinition, isShared: boolean): Step {
  return {
    from: pathOf(state),
    event: transition.eventType === '' ? 'always' : transition.eventType,
    to: transition.target?.[0] ? pathOf(transition.target[0]) : 'stay',
    guard: nameOf(transition.guard),
    actions: transition.actions.map(nameOf),
    isShared,
  }
}

function nameOf(part: unknown): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return part
  const { type } = part as { type?: unknown }
  if (typeof type === 'string') return type
  throw new Error('A chart names its guards and actions; this one has a nameless one.')
}

/** States × events → guard, target, actions: the golden file. */
export function tableOf(machine: AnyStateMachine): string {
  const events = [...machine.events].filter((event) => event !== '')
  const lines = [
    `${machine.id}: what every state does with every event. Written by \`npm run diagrams\`.`,
    '',
  ]
  for (const state of statesOf(machine)) {
    const entry = state.entry.map(nameOf)
    const isInitial = machine.root.initial.target[0] === state
    const marks = [isInitial && 'initial', state.type === 'final' && 'final'].filter(Boolean)
    lines.push(`${pathOf(state)}${marks.length > 0 ? `  (${marks.join(', ')})` : ''}`)
    if (entry.length > 0) lines.push(`  entry / ${entry.join(', ')}`)
    const steps = stepsFrom(machine, state)
    let last = ''
    for (const step of steps) {
      lines.push(`  ${(step.event === last ? '' : step.event).padEnd(20)}${labelOf(step, `→ ${step.to}`)}`)
      last = step.event
    }
    const heard = new Set(steps.map((step) => step.event))
    const ignored = events.filter((event) => !heard.has(event))
    if (ignored.length > 0) lines.push(`  ignores: ${ignored.join(', ')}`)
    lines.push('')
  }
  return lines.join('\n')
}

function labelOf({ guard, actions }: Step, middle: string): string {
  const condition = guard === '' ? '' : `[${guard}] `
  const effect = actions.length === 0 ? '' : ` / ${actions.join(', ')}`
  return `${condition}${middle}${effect}`
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
      .filter(({ to, actions }) => to === 'stay' && actions.length > 0)
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

/** The text with each chart's diagram between its markers, `<!-- chart: proxy -->` and `<!-- /chart -->`. */
export function withDiagrams(text: string): string {
  let drawn = text
  for (const machine of charts) {
    const marked = new RegExp(`(<!-- chart: ${machine.id} -->)[\\s\\S]*?(<!-- /chart -->)`)
    if (!marked.test(drawn)) throw new Error(`ARCHITECTURE.md has no marker <!-- chart: ${machine.id} -->.`)
    drawn = drawn.replace(marked, `$1\n\`\`\`mermaid\n${diagramOf(machine)}\n\`\`\`\n$2`)
  }
  return drawn
}

/** Every file that is drawn, with what it should hold. */
export async function drawAll(): Promise<{ file: URL; wanted: string; found: string }[]> {
  const text = await readFile(architecture, 'utf8')
  const files = [{ file: architecture, wanted: withDiagrams(text), found: text }]
  for (const machine of charts) {
    const file = goldenFile(machine)
    const found = await readFile(file, 'utf8').catch(() => '')
    files.push({ file, wanted: tableOf(machine), found })
  }
  return files
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check')
  for (const { file, wanted, found } of await drawAll()) {
    if (wanted === found) continue
    const name = file.pathname.slice(root.pathname.length)
    if (isCheck) {
      process.stderr.write(`${name} is out of date: run \`npm run diagrams\` and commit what it writes.\n`)
      process.exitCode = 1
    } else {
      await writeFile(file, wanted)
      process.stdout.write(`wrote ${name}\n`)
    }
  }
}
