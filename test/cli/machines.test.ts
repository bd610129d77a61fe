import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { chartNames, charts } from '../../src/observe/machines.ts'
import { createTerminal } from './terminal.ts'

/** `regatta machines`, as it is typed. */
async function typed(...argv: string[]) {
  const { run, stdout, stderr } = createTerminal()
  const code = await run('machines', ...argv)
  return { code, stdout: stdout(), stderr: stderr() }
}

const flat = (states: Record<string, { states?: object }>, path = ''): string[] =>
  Object.entries(states).flatMap(([name, { states: inner }]) => {
    const own = path === '' ? name : `${path}.${name}`
    return [own, ...flat((inner ?? {}) as typeof states, own)]
  })

it('lists every machine, and tells one with its states, guards and what they mean', async () => {
  const list = await typed()
  for (const name of chartNames) expect(list.stdout).toMatch(new RegExp(`^${name} +[A-Z]`, 'm'))
  const { code, stdout } = await typed('proxy')
  expect(code).toBe(0)
  expect(stdout).toContain('open: The proxy is not used until its cooldown is over.')
  expect(stdout).toMatch(/cooldown\.elapsed if isDue → halfOpen +A pool asks whether the cooldown is over\./)
})

it.each(chartNames)(
  'draws %s with a mark on each state and each arrow, in light and dark, small',
  async (name) => {
    const { stdout: svg } = await typed(name, '--svg')
    const states = flat(charts[name].config.states as never)
    for (const state of states) expect(svg).toContain(`data-state="${state}"`)
    const edges = [...svg.matchAll(/data-edge="([^"]+)>([^"]+)"/g)]
    for (const [, from, to] of edges) expect([...states, '*']).toEqual(expect.arrayContaining([from, to]))
    if (charts[name].isStatechart) expect(edges.length).toBeGreaterThan(states.length - 2)
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg).toContain('currentColor')
    expect(svg.length).toBeLessThan(10_000)
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toContain('http')
    const { stdout: mermaid } = await typed(name, '--mermaid')
    expect(mermaid).toMatch(/^stateDiagram-v2\n {2}\[\*\] --> /)
    const { stdout: json } = await typed(name, '--json')
    expect(createMachine(JSON.parse(json).config).id).toBe(name)
  },
)

it('writes files where it is told to', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'regatta-machines-')), 'charts')
  const { code, stderr } = await typed('--svg', '--out', folder)
  expect(code).toBe(0)
  expect(readdirSync(folder).sort()).toEqual([...chartNames].sort().map((name) => `${name}.svg`))
  expect(stderr).toContain(join(folder, 'task.svg'))
  await typed('task', '--json', '--out', folder)
  expect(JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')).name).toBe('task')
})

it.each([
  [['poll'], /There is no machine "poll"\. Did you mean pool\? There are: crawl, router, pool/],
  [['zzzzzzz'], /There is no machine "zzzzzzz"\. There are: crawl/],
  [['--svg'], /name one of crawl, .*, or give --out DIR/],
  [['task', '--svg', '--json'], /Give one of --svg and --json/],
])('says what is wrong with %s', async (argv, sentence) => {
  const { code, stderr, stdout } = await typed(...argv)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(sentence)
})
