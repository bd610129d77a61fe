import process from 'node:process'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AnyStateMachine, assign, createActor } from 'xstate'
import { type ChartConfig, type Mutant, mutantsOf } from '../../scripts/mutants/chart.ts'
import { batchesOf, hunt } from '../../scripts/mutants/hunt.ts'
import { takeNotes } from '../../scripts/mutants/notes.ts'
import { Runner } from '../../scripts/mutants/runner.ts'
import { type Fate, readTable, tableOf } from '../../scripts/mutants/table.ts'
import { setup } from '../../scripts/mutants/xstate.ts'

interface Door {
  readonly key: boolean
  readonly log: readonly string[]
}

const write = (word: string) => assign(({ context }: { context: Door }) => ({ log: [...context.log, word] }))

/** A chart with everything that a chart may have: nesting, lists, shared transitions, `always`, entry and exit. */
function makeDoor(): AnyStateMachine {
  return setup({
    guards: { hasKey: ({ context }: { context: Door }) => context.key },
    actions: { ring: write('ring'), knock: write('knock'), enter: write('enter'), leave: write('leave') },
  }).createMachine({
    id: 'door',
    context: ({ input }: { input: Door }) => ({ ...input, log: [] }),
    initial: 'shut',
    on: { fire: { target: '.open', actions: ['ring'] } },
    states: {
      shut: {
        on: { push: [{ guard: 'hasKey', target: 'open', actions: 'knock' }, { actions: ['ring', 'knock'] }] },
        exit: 'leave',
      },
      open: {
        entry: ['enter'],
        initial: 'ajar',
        states: { ajar: { always: 'wide' }, wide: { on: { pull: '#door.shut' } } },
      },
    },
  } as never) as AnyStateMachine
}

/** What the door's actor says after these events. */
function play(mutant: string, key: boolean, ...events: string[]): string {
  process.env.REGATTA_MUTANT = mutant
  const actor = createActor(makeDoor(), { input: { key } }).start()
  for (const type of events) actor.send({ type })
  const { value, context } = actor.getSnapshot()
  return `${JSON.stringify(value)} ${(context as Door).log.join(' ')}`
}

const doorConfig = () => makeDoor().config as ChartConfig

beforeEach(() => {
  delete process.env.REGATTA_MUTANT
  delete process.env.REGATTA_MUTANTS_NOTES
})
afterEach(() => {
  delete process.env.REGATTA_MUTANT
  delete process.env.REGATTA_MUTANTS_NOTES
})

test('every guard, transition and action of a chart is a mutant, nested ones included', () => {
  expect(mutantsOf(doorConfig()).map(({ id }) => id)).toEqual([
    'door *, fire → open / ring: off',
    'door *, fire → open / ring: without ring',
    'door shut, push [hasKey] → open / knock: guard always true',
    'door shut, push [hasKey] → open / knock: guard always false',
    'door shut, push [hasKey] → open / knock: without knock',
    'door shut, push → stay / ring, knock: off',
    'door shut, push → stay / ring, knock: without ring',
    'door shut, push → stay / ring, knock: without knock',
    'door shut, exit: without leave',
    'door open, entry: without enter',
    'door open.ajar, always → wide: off',
    'door open.wide, pull → #door.shut: off',
  ])
})

test.each<[mutant: string, key: boolean, events: string[], before: string, after: string]>([
  ['door *, fire → open / ring: off', false, ['fire'], '{"open":"wide"} leave ring enter', '"shut" '],
  [
    'door *, fire → open / ring: without ring',
    false,
    ['fire'],
    '{"open":"wide"} leave ring enter',
    '{"open":"wide"} leave enter',
  ],
  [
    'door shut, push [hasKey] → open / knock: guard always true',
    false,
    ['push'],
    '"shut" ring knock',
    '{"open":"wide"} leave knock enter',
  ],
  [
    'door shut, push [hasKey] → open / knock: guard always false',
    true,
    ['push'],
    '{"open":"wide"} leave knock enter',
    '"shut" ring knock',
  ],
  ['door shut, push → stay / ring, knock: off', false, ['push'], '"shut" ring knock', '"shut" '],
  [
    'door shut, push → stay / ring, knock: without ring',
    false,
    ['push'],
    '"shut" ring knock',
    '"shut" knock',
  ],
  [
    'door shut, exit: without leave',
    true,
    ['push'],
    '{"open":"wide"} leave knock enter',
    '{"open":"wide"} knock enter',
  ],
  [
    'door open, entry: without enter',
    true,
    ['push'],
    '{"open":"wide"} leave knock enter',
    '{"open":"wide"} leave knock',
  ],
  [
    'door open.ajar, always → wide: off',
    true,
    ['push'],
    '{"open":"wide"} leave knock enter',
    '{"open":"ajar"} leave knock enter',
  ],
  [
    'door open.wide, pull → #door.shut: off',
    true,
    ['push', 'pull'],
    '"shut" leave knock enter',
    '{"open":"wide"} leave knock enter',
  ],
])('%s', (mutant, key, events, before, after) => {
  expect(play('', key, ...events)).toBe(before)
  expect(play(mutant, key, ...events)).toBe(after)
})

test('a run notes what was taken and what was refused, and nothing else changes', () => {
  process.env.REGATTA_MUTANTS_NOTES = 'anywhere'
  takeNotes()
  expect(play('', false, 'push', 'fire')).toBe('{"open":"wide"} ring knock leave ring enter')
  expect(takeNotes()).toEqual([
    'door shut, push [hasKey] → open / knock: refused',
    'door shut, push → stay / ring, knock: taken',
    'door *, fire → open / ring: taken',
    'door shut, exit: taken',
    'door open, entry: taken',
    'door open.ajar, always → wide: taken',
  ])
})

test('two transitions that look the same are told apart', () => {
  const config = { id: 'twins', states: { one: { on: { go: [{ target: 'one' }, { target: 'one' }] } } } }
  expect(mutantsOf(config).map(({ id }) => id)).toEqual([
    'twins one, go → one: off',
    'twins one, go → one (2): off',
  ])
})

test('a nameless guard is refused, because no mutant could be named after it', () => {
  const config = { id: 'nameless', states: { one: { on: { go: { guard: () => true } } } } }
  expect(() => mutantsOf(config)).toThrow('names its guards and actions')
})

test('the cheapest tests run first, each with others of its file for two seconds', () => {
  const candidate = (file: string, ms: number) => ({ file, test: `${ms}`, ms })
  const batches = batchesOf([
    candidate('a', 900),
    candidate('b', 10),
    candidate('a', 20),
    candidate('a', 1_900),
    candidate('b', 5_000),
  ])
  expect(batches.map((batch) => batch.map(({ file, test }) => `${file} ${test}`))).toEqual([
    ['b 10'],
    ['a 20', 'a 900'],
    ['a 1900'],
    ['b 5000'],
  ])
})

test('the table that was written is read again, whatever a test is called', () => {
  const [killed, spun, uncaught, same, survived, unreached] = mutantsOf(doorConfig()) as [
    Mutant,
    ...Mutant[],
  ] as Mutant[]
  const file = 'test/face/fetch.test.ts'
  const fates = new Map<string, Fate>([
    [killed!.id, { kind: 'killed', kill: { file, test: 'a | b > c: d', how: 'fails', ms: 1_200 } }],
    [spun!.id, { kind: 'killed', kill: { file, test: 'spins', how: 'hangs', ms: 20_000 } }],
    [uncaught!.id, { kind: 'killed', kill: { file, test: 'leaves', how: 'errs', ms: 900 } }],
    [same!.id, { kind: 'equivalent', reason: 'either way | the door is open' }],
    [survived!.id, { kind: 'survived', isReached: true }],
    [unreached!.id, { kind: 'survived', isReached: false }],
  ])
  const mutants = mutantsOf(doorConfig()).slice(0, 7)
  const text = tableOf(mutants, fates)
  expect(readTable(text)).toEqual(fates)
  expect(text).toContain('7 mutants: 3 killed, 1 equivalent, 2 survived, 1 not tried.')
})

describe('a hunt', { timeout: 90_000 }, () => {
  const runner = new Runner(3_000)
  afterAll(() => runner.stop())
  const tests = (...names: string[]) => names.map((test) => ({ file: 'test/scripts/prey.ts', test, ms: 1 }))
  const all = tests('never notices', 'fails', 'a group > spins', 'a group > waits', 'leaves an error behind')
  const huntFor = (id: string, candidates = all) =>
    hunt({ id } as Mutant, candidates, runner, { first: undefined, budgetMs: 1_000 })

  test('names the test that failed', async () => {
    expect(await huntFor('fail')).toMatchObject({ file: 'test/scripts/prey.ts', test: 'fails', how: 'fails' })
  })

  test('ends a test that waits for ever', async () => {
    expect(await huntFor('wait')).toMatchObject({ test: 'a group > waits', how: 'fails' })
  })

  test('ends a test that spins for ever, and says so', async () => {
    expect(await huntFor('spin', tests('a group > spins'))).toMatchObject({
      test: 'a group > spins',
      how: 'hangs',
    })
  })

  test('counts an error that nobody caught', async () => {
    expect(await huntFor('leave')).toMatchObject({ test: 'leaves an error behind', how: 'errs' })
  })

  test('finds nothing when no test notices', async () => {
    expect(await huntFor('something else')).toBeUndefined()
  })

  test('does not believe a test that fails without the mutant, too', async () => {
    expect(await huntFor('something else', tests('fails in any case'))).toBeUndefined()
  })
})
