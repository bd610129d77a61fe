import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { crawlMachine } from '../machines/crawl.ts'
import { poolMachine } from '../machines/pool.ts'
import { proxyMachine } from '../machines/proxy.ts'
import { taskMachine } from '../machines/task.ts'
import { diagramOf, labelOf, nameOf, pathOf, type Step, stepOf } from '../src/observe/chart-mermaid.ts'
import { charts as drawn } from '../src/observe/charts.ts'
import { drawSvg } from './diagrams/draw.ts'
import { requestSequence } from './diagrams/sequence.ts'
import { withMarked } from './marked.ts'

/**
 * Draws the statecharts. Each becomes a Mermaid diagram in ARCHITECTURE.md, between markers, for people; an SVG under
 * docs/img/machines, for docs, pages and `regatta machines`. One request becomes a sequence diagram in docs/inspect.md. A table of every state and every event under
 * test/machines/golden is for review: the diff of a change shows what else the change does. `npm run diagrams` writes them,
 * `-- --check` fails when they are out of date.
 */
export const charts: readonly AnyStateMachine[] = [proxyMachine, poolMachine, taskMachine, crawlMachine]

const root = new URL('../', import.meta.url)
const architecture = new URL('ARCHITECTURE.md', root)
const inspecting = new URL('docs/inspect.md', root)

export function goldenFile(machine: AnyStateMachine): URL {
  return new URL(`test/machines/golden/${machine.id}.txt`, root)
}

/** The innermost states, in the order of the chart. */
export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const within = (node: AnyStateNode): AnyStateNode[] => {
    const inner = Object.values(node.states) as AnyStateNode[]
    return inner.length === 0 ? [node] : inner.flatMap(within)
  }
  return within(machine.root)
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
  const guide = await readFile(inspecting, 'utf8')
  const sequence = `\`\`\`mermaid\n${await requestSequence()}\n\`\`\``
  files.push({ file: inspecting, wanted: withMarked(guide, 'sequence', sequence), found: guide })
  for (const chart of Object.values(drawn)) {
    const file = new URL(`docs/img/machines/${chart.name}.svg`, root)
    const found = await readFile(file, 'utf8').catch(() => '')
    files.push({ file, wanted: await drawSvg(chart), found })
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
