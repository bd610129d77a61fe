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

export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  return Object.values(machine.root.states)
}

/** What a state does with each event, in the order in which it is tried; `always` comes last. */
export function stepsFrom(machine: AnyStateMachine, state: AnyStateNode): Step[] {
  const own = [...state.transitions.values()].flat()
  // What a state answers without a guard never reaches the chart's shared transitions.
  const answered = new Set(own.filter((each) => each.guard === undefined).map((each) => each.eventType))
  const everywhere = state.type === 'final' ? [] : [...machine.root.transitions.values()].flat()
  const shared = everywhere.filter((each) => !answered.has(each.eventType))
  const steps = [
    ...own.map((each) => stepOf(state, each, false)),
    ...shared.map((each) => stepOf(state, each, true)),
  ]
  const always = (state.always ?? []).map((each) => stepOf(state, each, false))
  return [...steps, ...always]
}

function stepOf(state: AnyStateNode, transition: AnyTransitionDefinition, isShared: boolean): Step {
  return {
    from: state.key,
    event: transition.eventType === '' ? 'always' : transition.eventType,
    to: transition.target?.[0]?.key ?? 'stay',
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
    lines.push(`${state.key}${marks.length > 0 ? `  (${marks.join(', ')})` : ''}`)
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
  const arrows = new Map<string, string[]>()
  const inside: string[] = []
  const draw = (from: string, to: string, label: string) => {
    const key = `${from} --> ${to}`
    arrows.set(key, [...(arrows.get(key) ?? []), label])
  }
  const shared = [...machine.root.transitions.values()].flat()
  for (const each of shared) {
    const step = stepOf(machine.root, each, true)
    draw('anyState', step.to, labelOf(step, step.event))
  }
  for (const state of statesOf(machine)) {
    const entry = state.entry.map(nameOf)
    if (entry.length > 0) inside.push(`${state.key} : on entry / ${entry.join(', ')}`)
    for (const step of stepsFrom(machine, state)) {
      if (step.isShared || (step.to === 'stay' && step.actions.length === 0)) continue
      if (step.to === 'stay') inside.push(`${state.key} : ${labelOf(step, step.event)}`)
      else draw(state.key, step.to, labelOf(step, step.event))
    }
    if (state.type === 'final') draw(state.key, '[*]', '')
  }
  return [
    'stateDiagram-v2',
    `  [*] --> ${machine.root.initial.target[0]!.key}`,
    ...(shared.length > 0 ? ['  state "from any state" as anyState'] : []),
    ...inside.map((line) => `  ${line}`),
    ...[...arrows].map(([arrow, labels]) => {
      const label = labels.filter((each) => each !== '').join('<br/>')
      return label === '' ? `  ${arrow}` : `  ${arrow} : ${label}`
    }),
  ].join('\n')
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
