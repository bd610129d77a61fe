import { type Chart, type ChartConfig, type ChartStep, listOf, stepsOf } from './charts.ts'

/**
 * A chart in words, as `regatta machines` prints it: each state with what it is, and each event with where it leads and
 * why. Nothing that is computed stands in it: the words are those of the chart.
 */
export function chartText({ name, description, config }: Chart): string {
  return [`${name}: ${description}`, '', ...stateLines(config, '', ''), ''].join('\n')
}

/** All charts, a line or two for each. */
export function chartList(charts: readonly Chart[]): string {
  const width = Math.max(...charts.map(({ name }) => name.length))
  const lines = charts.flatMap(({ name, description, isStatechart, config }) => {
    const states = pathsOf(config, '').join(', ')
    const indent = ' '.repeat(width + 2)
    return [`${name.padEnd(width)}  ${description}`, ...(isStatechart ? [`${indent}${states}`] : [])]
  })
  return `${lines.join('\n')}\n`
}

function stateLines({ on, states, entry, initial }: ChartConfig, path: string, indent: string): string[] {
  const lines = listOf(entry).map((action) => `${indent}on entry: ${action}`)
  for (const [event, steps] of Object.entries(on ?? {})) {
    for (const step of stepsOf(steps)) lines.push(...stepLines(event, step, indent))
  }
  for (const [key, state] of Object.entries(states ?? {})) {
    const own = path === '' ? key : `${path}.${key}`
    const mark = key === initial ? ' (it begins here)' : state.type === 'final' ? ' (it ends here)' : ''
    const words = state.description === undefined ? '' : `: ${state.description}`
    lines.push(`${indent}${own}${mark}${words}`, ...stateLines(state, own, `${indent}  `))
  }
  return lines
}

function stepLines(event: string, { guard, target, description }: ChartStep, indent: string): string[] {
  const where = target === undefined ? 'stays' : `→ ${target.replace(/^\./, '')}`
  const condition = guard === undefined ? '' : ` if ${guard}`
  const line = `${indent}${event}${condition} ${where}`
  return [description === undefined ? line : `${line.padEnd(indent.length + 44)} ${description}`]
}

function pathsOf({ states }: ChartConfig, path: string): string[] {
  return Object.entries(states ?? {}).flatMap(([key, state]) => {
    const own = path === '' ? key : `${path}.${key}`
    return state.states === undefined ? [own] : pathsOf(state, own)
  })
}
