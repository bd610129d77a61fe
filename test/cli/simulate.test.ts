import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../../src/lab/index.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import { endCommands, startCommand } from './process.ts'
import { createTerminal } from './terminal.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-simulate-'))
  await writeFile(join(folder, 'small.json'), JSON.stringify(small))
})
afterEach(async () => {
  await endCommands()
  await rm(folder, { recursive: true, force: true })
})

const small: Scenario = {
  name: 'small',
  seed: 9,
  origins: { site: { site: { pages: 50 } } },
  proxies: [
    { name: 'good', count: 8, latency: { kind: 'lognormal', medianMs: 60, sigma: 0.3 } },
    { name: 'dead', count: 2, fault: 'dead' },
  ],
  work: { requests: 200, inFlight: 8, options: { hedge: { tokens: 20 } } },
}

async function run(...argv: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run('simulate', ...argv)
  expect(terminal.listeners()).toBe(0)
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() }
}

/** Runs what must fail before anything is tried; returns what was said. */
async function refused(...argv: string[]) {
  const { code, stdout, stderr } = await run(...argv)
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' })
  return stderr
}

describe('regatta simulate', () => {
  test('a scenario is run and its figures are told', async () => {
    const { code, stdout, stderr } = await run('small.json')
    expect(code, stderr).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^small, seed 9: 200 pages in [\d.]+ s of virtual time \(\d[\d.]*\/s\)\n/)
    expect(stdout).toMatch(/success +100\.0 %\nlatency +p50 .*p95 .*p99 .*\nattempts +\d+, 1\.\d\d per page/)
    expect(stdout).toMatch(/breakers +2 opened rightly, 0 wrongly\nsimulated in .*requests per second/)
  })

  test('one by name, with a seed, a number of pages and a width of its own', async () => {
    const argv = ['mixed-100', '--seed', '3', '--requests', '60', '--in-flight', '5', '--json', '--quiet']
    const { runs } = JSON.parse((await run(...argv)).stdout)
    expect(runs).toMatchObject([
      { settings: 'as it is', scenario: 'mixed-100', seed: 3, pages: { asked: 60 } },
    ])
    const { realMs: _one, ...first } = runs[0]
    const { realMs: _other, ...again } = JSON.parse((await run(...argv)).stdout).runs[0]
    expect(again).toEqual(first)
  })

  test('settings are compared with those that hold, a row for each', async () => {
    const sets = ['--set', 'hedge.max=2', '--set', 'hedge=false,strategy=random']
    const { code, stdout, stderr } = await run('small.json', ...sets, '--requests', '50')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(
      /^SETTINGS +SUCCESS +PAGES.*\nas it is +100.*\nhedge\.max=2 +100.*\nhedge=false,strategy=random +100/m,
    )
  })

  test('a setting changes what it names and nothing beside it', async () => {
    const set = 'politeness={"interval":900,"robots":false},hedge.max=1'
    const trace = join(folder, 'run.jsonl')
    const changed = {
      ...small,
      work: { ...small.work, options: { politeness: { interval: 900 }, hedge: { tokens: 20, max: 1 } } },
    }
    await writeFile(join(folder, 'changed.json'), JSON.stringify(changed))
    const { runs } = JSON.parse((await run('small.json', '--set', set, '--json')).stdout)
    const [own] = JSON.parse((await run('changed.json', '--json', '--record', trace)).stdout).runs
    expect(runs[1]).toMatchObject({ settings: set, virtualMs: own.virtualMs, attempts: own.attempts })
    expect(runs[0].virtualMs).not.toBe(own.virtualMs)
  })

  test('several seeds show what is usual and what was worst, and where', async () => {
    const { code, stdout } = await run('small.json', '--seeds', '3', '--requests', '40')
    expect(code).toBe(0)
    expect(stdout).toMatch(/3 seeds from 9 on: 40 pages each\n\n +MEDIAN +WORST +SEED\nSUCCESS/)
    expect(stdout).toMatch(/^P99 .* (9|10|11)$/m)
  })

  test('progress is drawn on a terminal, and nowhere else', async () => {
    const terminal = createTerminal({ cwd: folder, isTTY: true, columns: 80 })
    expect(await terminal.run('simulate', 'small.json', '--seeds', '2')).toBe(0)
    expect(terminal.stderr()).toMatch(/run 2 of 2, 200 of 200 pages\n$/)
    expect((await run('small.json', '--seeds', '2')).stderr).toBe('')
  })
})

describe('an invariant that is violated', () => {
  /** Nothing may leave but over the scenario's proxies; this crawler was told that it may. */
  const leaking: Scenario = { ...small, work: { ...small.work, options: { direct: true } } }

  test('ends the run with 1, at the first seed, and the command that replays it is printed', async () => {
    await writeFile(join(folder, "it's leaking.json"), JSON.stringify(leaking))
    const argv = ["it's leaking.json", '--seeds', '50', '--requests', '30', '--in-flight', '4']
    const { code, stdout, stderr } = await run(...argv)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^small, seed 9: /)
    expect(stderr).toMatch(/invariants? (was|were) violated:\n +at .*: direct-egress: .*"direct"/)
    const replay = String.raw`regatta simulate 'it'\''s leaking.json' --seed 9 --requests 30 --in-flight 4`
    expect(stderr).toContain(`Replay it: ${replay}\n`)
    const again = await run("it's leaking.json", '--seed', '9', '--requests', '30', '--in-flight', '4')
    expect(again).toMatchObject({ code: 1, stderr })
  })

  test('under a setting is replayed with that setting', async () => {
    await writeFile(join(folder, 'leaking.json'), JSON.stringify(leaking))
    const { code, stderr } = await run('leaking.json', '--set', 'hedge=false', '--requests', '10', '--json')
    expect(code).toBe(1)
    expect(stderr).toMatch(/Replay it: regatta simulate leaking\.json --seed 9 .*--requests 10\n$/)
  })
})

describe('wrong usage ends with 2 and says what to do', () => {
  test('nothing to simulate, or two things', async () => {
    expect(await refused()).toMatch(/Name a scenario \(demo, .*mixed-100.*\).*--trace FILE/)
    expect(await refused('demo', '--trace', 'x.jsonl')).toMatch(/leave one out/)
  })

  test('a scenario that is not there', async () => {
    expect(await refused('mixed-200')).toMatch(/"mixed-200".*mixed-100.*SCENARIO_INVALID/)
    expect(await refused('none.json')).toMatch(/Cannot read a scenario from .*none\.json/)
  })

  test.each([
    ['hedge.maximum=2', /"hedge\.maximum" is not an option.*maximum.*\(OPTION_INVALID\)/],
    ['hedge.max=19', /"hedge\.max".*<=10.*got 19/],
    ['wings=2', /"wings" is not an option.*OPTION_INVALID/],
    ['strategy=best', /"strategy".*"best".*docs\/options\.md/],
    ['proxies=list.txt', /"proxies" cannot be set here: the proxies are those of the scenario/],
    ['seed=4', /use --seed/],
    ['__proto__.max=2', /"__proto__\.max" is not an option/],
    ['hedge', /--set.*Expected key=value/],
  ])('--set %s', async (set, message) => {
    expect(await refused('small.json', '--set', set)).toMatch(message)
  })

  test('flags that do not go together', async () => {
    expect(await refused('demo', '--record', 'x', '--seeds', '2')).toMatch(/--record writes down one run/)
    expect(await refused('demo', '--seeds', '0')).toMatch(/--seeds.*whole number from 1/)
  })

  test('a trace that is missing, empty or no trace', async () => {
    expect(await refused('--trace', 'none.jsonl')).toMatch(/Cannot read a trace from .*none\.jsonl/)
    await writeFile(join(folder, 'empty.jsonl'), '')
    expect(await refused('--trace', 'empty.jsonl')).toMatch(/empty.*regatta crawl … --trace FILE/)
    expect(await refused('--trace', 'small.json')).toMatch(/no trace's header/)
  })
})

describe('the history of a crawl', () => {
  let lab: Lab
  let list: string
  beforeAll(async () => {
    lab = await startLab({
      origins: { site: { site: { pages: 40 } }, endless: { site: { pages: 400 }, latency: 150 } },
      proxies: [
        { name: 'good', count: 3, latency: 20, auth: { username: 'skipper', password: 'hush-hush' } },
        { name: 'dead', count: 3, fault: 'dead' },
      ],
    })
  })
  afterAll(() => lab?.close())
  beforeEach(async () => {
    list = join(folder, 'proxies.txt')
    await writeFile(list, lab.proxies.join('\n'))
  })

  const crawl = (name: 'site' | 'endless', ...more: string[]) => [
    ...['crawl', `${lab.origins[name]!.url}/`, '--proxies', list, '--no-politeness'],
    ...['--concurrency', '4', '--param', 'sitemaps=false', ...more],
  ]

  test('is recorded, and compared with what it would be under other settings', async () => {
    const terminal = createTerminal({ cwd: folder })
    expect(await terminal.run(...crawl('site', '--trace', 'crawl.jsonl')), terminal.stderr()).toBe(0)
    const text = await readFile(join(folder, 'crawl.jsonl'), 'utf8')
    expect(text).not.toMatch(/skipper|hush-hush/)
    expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({
      trace: 1,
      options: { politeness: false, concurrency: 4 },
    })

    const { code, stdout, stderr } = await run('--trace', 'crawl.jsonl', '--set', 'hedge.max=2')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^recorded +100.*\nas it is +100.*\nhedge\.max=2 +100/m)
    const { recorded } = JSON.parse((await run('--trace', 'crawl.jsonl', '--json')).stdout)
    expect(recorded.pages.succeeded).toBeGreaterThanOrEqual(40)
  })

  test('interrupted, it is a whole trace of what was done', async () => {
    const trace = join(folder, 'crawl.jsonl')
    const command = startCommand(crawl('endless', '--trace', trace, '--out', join(folder, 'pages.jsonl')))
    await expect
      .poll(async () => (await stat(join(folder, 'pages.jsonl')).catch(() => undefined))?.size ?? 0, {
        timeout: 10_000,
      })
      .toBeGreaterThan(0)
    command.child.kill('SIGINT')
    expect(await command.ended, command.stderr()).toEqual({ code: 130, signal: null })
    const text = await readFile(trace, 'utf8')
    expect(text.endsWith('\n')).toBe(true)
    const accepted = text.match(/"task\.accepted"/g)!.length
    expect(text.match(/"task\.settled"/g)!.length).toBe(accepted)
    expect((await run('--trace', trace)).code).toBe(0)
  })

  test('a disk that is full ends the trace, is told once, and the crawl goes on', async () => {
    const terminal = createTerminal({ cwd: folder })
    const argv = crawl('site', '--trace', '/dev/full', '--out', 'pages.jsonl')
    expect(await terminal.run(...argv), terminal.stderr()).toBe(0)
    expect(terminal.stderr().match(/disk is full.*The trace ends there, the crawl goes on/g)).toHaveLength(1)
    expect((await readFile(join(folder, 'pages.jsonl'), 'utf8')).split('\n').length).toBeGreaterThan(40)
  })

  test('a trace that cannot be begun ends with 1 before anything is fetched', async () => {
    const terminal = createTerminal({ cwd: folder })
    expect(await terminal.run(...crawl('site', '--trace', 'none/crawl.jsonl', '--out', 'pages.jsonl'))).toBe(
      1,
    )
    expect(terminal.stderr()).toMatch(/Cannot write to .*none\/crawl\.jsonl.*\(SINK_FAILED\)/)
    await expect(stat(join(folder, 'pages.jsonl'))).rejects.toThrow()
  })
})

test('Ctrl-C ends a simulation cleanly', async () => {
  const terminal = createTerminal({ cwd: folder, isTTY: true })
  const running = terminal.run('simulate', 'mixed-100', '--requests', '1000000')
  await expect.poll(() => terminal.stderr(), { timeout: 10_000 }).toMatch(/[1-9]\d* of 1,000,000 pages/)
  terminal.signal()
  expect(await running).toBe(130)
  expect(terminal.stdout()).toBe('')
  expect(terminal.listeners()).toBe(0)
})

test('the trace of a simulation can be recorded, and simulated again', async () => {
  expect((await run('small.json', '--record', 'run.jsonl')).code).toBe(0)
  const first = await readFile(join(folder, 'run.jsonl'), 'utf8')
  expect((await run('small.json', '--record', 'run.jsonl')).code).toBe(0)
  expect(await readFile(join(folder, 'run.jsonl'), 'utf8')).toBe(first)
  expect((await run('--trace', 'run.jsonl')).stdout).toMatch(/^recorded +100/m)
})

test('storms: every seed is a world of its own, and the same one again', async () => {
  const runsOf = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as { runs: { scenario: string; attempts: number }[] }).runs
  const once = await run('storm', '--seeds', '4', '--json')
  expect(once.code).toBe(0)
  const runs = runsOf(once)
  expect(runs.map(({ scenario }) => scenario)).toEqual(['storm-1', 'storm-2', 'storm-3', 'storm-4'])
  const [third] = runsOf(await run('storm', '--seed', '3', '--json'))
  expect(third!.attempts).toBe(runs[2]!.attempts)
})
