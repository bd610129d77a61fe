import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metrics, prometheusName } from '../../src/observe/metric-catalogue.ts'

/** What deploy/ holds, as far as it can be checked without Grafana and Prometheus; test/metrics runs it in Prometheus. */
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: object }[]
}

const dashboard = JSON.parse(read('deploy/grafana/regatta.json')) as {
  readonly id: null
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] }
  readonly panels: readonly Panel[]
}
const { panels } = dashboard
const drawn = panels.filter(({ type }) => type !== 'row')
const alerts = read('deploy/prometheus/alerts.yml')
const known = new Set(
  Object.values(metrics).flatMap((metric) => {
    const name = prometheusName(metric, 'crawler_')
    return metric.kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  }),
)
const namesIn = (text: string) => [...text.matchAll(/\bcrawler_\w+/g)].map(([name]) => name)

test('Grafana can import it: its own id is open, its uid fixed, its data source chosen', () => {
  expect(dashboard).toMatchObject({ id: null, title: 'Regatta', uid: expect.stringMatching(/^[\w-]{1,40}$/) })
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36)
  const variables = dashboard.templating.list
  expect(variables[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
  const sources = [...JSON.stringify(dashboard).matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid)
  expect(new Set(sources)).toEqual(new Set([dashboard.uid, `\${${variables[0]!.name}}`]))
  for (const panel of drawn) {
    expect(panel.datasource?.type, panel.title).toBe('prometheus')
    expect(new Set(panel.targets!.map(({ refId }) => refId)).size).toBe(panel.targets!.length)
  }
})

test('every panel has an id and a title of its own, and lies beside the others on 24 columns', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  const cells = new Set<string>()
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x},${y}`), `${title} at ${x},${y}`).toBe(false)
        cells.add(`${x},${y}`)
      }
    }
  }
})

test('it shows every metric, and none that there is not', () => {
  const shown = new Set(drawn.flatMap(({ targets }) => targets!.flatMap(({ expr }) => namesIn(expr))))
  expect([...shown].filter((name) => !known.has(name))).toEqual([])
  const families = Object.values(metrics).map((metric) => prometheusName(metric, 'crawler_'))
  expect(families.filter((name) => ![...shown].some((each) => each.startsWith(name)))).toEqual([])
})

test('each alert is about metrics that there are, says what and why, and has a line in the runbook', () => {
  const rules = alerts.split(/^ {6}- alert: /m).slice(1)
  expect(rules.length).toBeGreaterThanOrEqual(10)
  const runbook = read('docs/metrics.md')
  for (const rule of rules) {
    const [name] = rule.split('\n')
    expect(
      namesIn(rule).filter((each) => !known.has(each)),
      name,
    ).toEqual([])
    expect(rule, name).toMatch(/^ {10}severity: (critical|warning|info)$/m)
    expect(rule, name).toMatch(/^ {10}summary: ".{10,}"$/m)
    expect(rule, name).toMatch(/^ {10}description: ".{30,}"$/m)
    expect(rule, name).toContain(`runbook: docs/metrics.md#${name!.toLowerCase()}\n`)
    expect(runbook, name).toMatch(new RegExp(`^### ${name}\n\n\\S`, 'm'))
  }
  const lines = [...runbook.matchAll(/^### (Regatta\w+)$/gm)].map(([, name]) => name)
  expect(lines).toEqual(rules.map((rule) => rule.split('\n')[0]))
})
