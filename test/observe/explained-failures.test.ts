import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { createTerminal } from '../cli/terminal.ts'
import { failAtOnce, failingCrawls, type LabView, scenario, urlOf } from './failing-crawls.ts'

const program = fileURLToPath(new URL('failing-process.ts', import.meta.url))
let lab: Lab
let view: LabView

beforeAll(async () => {
  lab = await startLab(scenario)
  const names = Object.entries(lab.origins).map(([name, { url }]) => [name, url] as const)
  view = { origins: Object.fromEntries(names), proxies: proxiesByName(lab), ca: lab.ca }
}, 30_000)

afterAll(() => lab.close())

describe('a crawler says at once why', () => {
  it.concurrent.each(failingCrawls)('$name', { timeout: 30_000 }, async (failing) => {
    const { crawler, answer } = await failAtOnce(failing, view)
    await crawler.stop()
    expect(answer).toMatch(failing.says)
    if (!answer.startsWith('Answered')) expect(answer).toContain('→')
    expect(answer).not.toContain('S3CRET')
  })
})

describe('after kill -9 another process says why', () => {
  let child: ChildProcess | undefined
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regatta-explained-'))
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    child = spawn(process.execPath, [program, JSON.stringify(view), folder], { stdio: [...stdio] })
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
  }, 60_000)

  afterAll(async () => {
    child?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  it.each(failingCrawls.map((failing, at) => ({ ...failing, at })))('$name', async ({ at, ...failing }) => {
    const terminal = createTerminal({ cwd: folder })
    const code = await terminal.run('explain', join(folder, String(at)), urlOf(failing, view))
    expect(terminal.stderr()).toBe('')
    expect(code).toBe(0)
    const text = terminal.stdout()
    const [answer] = text.split(/\n\n/)
    expect(answer!.replaceAll('\n', ' ')).toMatch(failing.says)
    expect(text).not.toContain('S3CRET')
  })
})

/** The lab lists its proxies in the order of its scenario. */
function proxiesByName({ proxies }: Lab): Record<string, string> {
  const names = scenario.proxies!.flatMap(({ name = '', count = 1 }) =>
    count === 1 ? [name] : Array.from({ length: count }, (_, at) => `${name}-${at + 1}`),
  )
  return Object.fromEntries(names.map((name, at) => [name, proxies[at]!]))
}
