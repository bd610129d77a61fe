import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyStateMachine, assign, createActor, createMachine, type Snapshot } from 'xstate'
import { proxyMachine } from '../../machines/proxy.ts'
import { type TaskWork, taskMachine } from '../../machines/task.ts'
import { compile } from '../../src/actors/adopt.ts'
import { parseOptions } from '../../src/options/options.ts'
import { initialBreaker } from '../../src/rules/breaker.ts'

/** Sends the same events to both, and asks after each whether they are where the other is. */
function keepInStep(
  machine: AnyStateMachine,
  inputs: [unknown, unknown],
  events: readonly { type: string }[],
): void {
  const interpreted = createActor(machine, { input: inputs[0] }).start()
  const compiled = createActor(compile(machine), { input: inputs[1] }).start()
  for (const event of events) {
    interpreted.send(event)
    compiled.send(event)
    const [one, other] = [interpreted.getSnapshot(), compiled.getSnapshot()]
    expect(other.value).toEqual(one.value)
    expect(other.status).toBe(one.status)
    expect(other.matches(one.value)).toBe(true)
    expect(JSON.stringify(other.context)).toBe(JSON.stringify(one.context))
  }
  expect(JSON.stringify(compiled.getPersistedSnapshot())).toBe(
    JSON.stringify(interpreted.getPersistedSnapshot()),
  )
}

const { breaker } = parseOptions({ direct: true })
const at = fc.integer({ min: 0, max: 200_000 })
const epoch = fc.integer({ min: 0, max: 4 })
const weights = {
  alpha: fc.constant(3),
  beta: fc.constant(2),
  options: fc.constant(breaker),
  jitter: fc.constant(0.5),
}
const proxyEvents = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('succeeded'),
      at,
      epoch,
      times: fc.integer({ min: 1, max: 16 }),
      slow: fc.boolean(),
      ...weights,
    }),
    fc.record({
      type: fc.constant('failed'),
      at,
      epoch,
      weight: fc.constantFrom(0.3, 1),
      hard: fc.boolean(),
      fatal: fc.boolean(),
      permanent: fc.boolean(),
      reason: fc.constant('dial-refused'),
      norm: fc.constantFrom(0.5, 1),
      mayTrip: fc.boolean(),
      ...weights,
    }),
    fc.record({ type: fc.constant('released'), epoch }),
    fc.record({ type: fc.constant('cooldown.elapsed'), at }),
    fc.record({ type: fc.constant('probe.leased'), at, expires: at }),
    fc.record({ type: fc.constant('refunded'), since: at, alpha: fc.constant(1), beta: fc.constant(1) }),
    fc.record({ type: fc.constantFrom('isolate', 'retire'), reason: fc.constant('by hand') }),
    fc.record({ type: fc.constantFrom('readmit', 'nobody.knows.this') }),
  ),
  { maxLength: 60 },
)

test.each(['fleet', 'host'] as const)(
  'the compiled proxy chart of the %s goes where the interpreted one goes',
  (scope) => {
    fc.assert(
      fc.property(proxyEvents, (events) =>
        keepInStep(proxyMachine, [initialBreaker(scope), initialBreaker(scope)], events),
      ),
      { numRuns: 300 },
    )
  },
)

test('the compiled task chart takes the same steps and does the same work in the same order', () => {
  const events = [
    fc
      .constantFrom('assigned', 'wake.due', 'hedge.due', 'drained', 'delivered', 'unknown')
      .map((type) => ({ type })),
    fc.constant({ type: 'lease.granted', lease: 'lease' }),
    fc.record({
      type: fc.constant('lease.refused'),
      refusal: fc.constant('refusal'),
      isHopeless: fc.boolean(),
      mustPark: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('attempt.finished'),
      next: fc.constantFrom('end', 'carry on', 'try again', 'pause', 'solve'),
    }),
    fc.constant({ type: 'abandoned', reason: 'deadline' }),
  ]
  const answers = fc.record({ isQuiet: fc.boolean(), isSettled: fc.boolean() })
  const steps = fc.array(fc.tuple(fc.oneof(...events), answers), { maxLength: 40 })
  fc.assert(
    fc.property(steps, (taken) => {
      const logs: string[][] = [[], []]
      let answer: Record<string, boolean> = {}
      const works = logs.map((log) => workThat(log, (guard) => answer[guard] ?? false))
      const interpreted = createActor(taskMachine, { input: { work: works[0]! } }).start()
      const compiled = createActor(compile(taskMachine), { input: { work: works[1]! } }).start()
      for (const [event, truth] of taken) {
        answer = truth
        interpreted.send(event as never)
        compiled.send(event as never)
        expect(compiled.getSnapshot().value).toEqual(interpreted.getSnapshot().value)
        expect(logs[1]).toEqual(logs[0])
      }
    }),
    { numRuns: 500 },
  )
})

test('states within states, entries, exits and targets at any depth go as the interpreter goes', () => {
  const event = fc.constantFrom(...nestedEvents).map((type) => ({ type }))
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), fc.boolean(), (events, isOpen) => {
      const logs: string[][] = [[], []]
      const [one, other] = logs.map((log) => nestedChart(log, isOpen))
      const interpreted = createActor(one!).start()
      const compiled = createActor(compile(other!)).start()
      for (const each of events) {
        interpreted.send(each)
        compiled.send(each)
        expect(compiled.getSnapshot().value).toEqual(interpreted.getSnapshot().value)
        expect(compiled.getSnapshot().context).toEqual(interpreted.getSnapshot().context)
        expect(logs[1]).toEqual(logs[0])
      }
    }),
    { numRuns: 500 },
  )
})

test('an actor that was saved by one interpreter goes on in the other', () => {
  const first = createActor(nestedChart([], true)).start()
  for (const type of ['deeper', 'count', 'out']) first.send({ type })
  const saved = JSON.parse(JSON.stringify(first.getPersistedSnapshot())) as Snapshot<unknown>
  const log: string[] = []
  const second = createActor(compile(nestedChart(log, true)), { snapshot: saved }).start()
  second.send({ type: 'count' })
  expect(second.getSnapshot().value).toEqual(first.getSnapshot().value)
  expect(second.getSnapshot().context).toEqual({ count: 2 })
})

test.each([
  ['always', { states: { up: { always: { target: 'down' } }, down: {} }, initial: 'up' }],
  ['after', { states: { up: { after: { 100: 'down' } }, down: {} }, initial: 'up' }],
  ['parallel', { states: { up: { type: 'parallel', states: { one: {}, two: {} } } }, initial: 'up' }],
  ['final', { states: { up: { type: 'final' } }, initial: 'up' }],
] as const)('a chart with "%s" is refused by name', (what, config) => {
  expect(() => compile(createMachine(config as never))).toThrow(`state "up" has "${what}"`)
})

test('a chart that names an action that is not there is refused by name', () => {
  const chart = createMachine({ initial: 'up', states: { up: { on: { go: { actions: 'fly' } } } } })
  expect(() => compile(chart)).toThrow('state "up", event "go" names "fly"')
})

const nestedEvents = ['deeper', 'out', 'count', 'sideways', 'again', 'afresh', 'shut', 'reset'] as const

/** Three floors, with a shut door: every kind of target there is. */
function nestedChart(log: string[], isOpen: boolean): AnyStateMachine {
  const say = (what: string) => () => void log.push(what)
  return createMachine(
    {
      id: 'house',
      initial: 'hall',
      context: { count: 0 },
      entry: 'enterHouse',
      on: { reset: { target: '.hall', actions: 'say' }, count: { actions: 'count' } },
      states: {
        hall: {
          entry: 'enterHall',
          exit: 'leaveHall',
          on: { deeper: { guard: 'isOpen', target: 'rooms' }, sideways: { target: 'rooms.second' } },
        },
        rooms: {
          initial: 'first',
          entry: 'enterRooms',
          exit: 'leaveRooms',
          on: {
            out: { target: 'hall' },
            again: { target: '.second' },
            afresh: { target: 'rooms', reenter: true },
            shut: {},
          },
          states: {
            first: {
              entry: 'enterFirst',
              exit: 'leaveFirst',
              on: { deeper: { target: 'cellar' }, again: { guard: 'isShut', target: 'first' } },
            },
            second: { entry: 'enterSecond', on: { again: { target: 'second' }, count: { guard: 'isShut' } } },
            cellar: {
              initial: 'stairs',
              entry: 'enterCellar',
              exit: 'leaveCellar',
              states: {
                stairs: { on: { deeper: { target: 'vault' } } },
                vault: {
                  entry: 'enterVault',
                  exit: 'leaveVault',
                  on: { sideways: { target: '#house.rooms.first' } },
                },
              },
            },
          },
        },
      },
    } as never,
    {
      guards: { isOpen: () => isOpen, isShut: () => !isOpen },
      actions: {
        count: assign({ count: ({ context }: { context: { count: number } }) => context.count + 1 }),
        ...Object.fromEntries(
          ['House', 'Hall', 'Rooms', 'First', 'Second', 'Cellar', 'Vault'].flatMap((name) => [
            [`enter${name}`, say(`enter ${name}`)],
            [`leave${name}`, say(`leave ${name}`)],
          ]),
        ),
        say: say('reset'),
      },
    } as never,
  ) as unknown as AnyStateMachine
}

/** Work that writes down what it is asked to do. */
function workThat(log: string[], answer: (guard: string) => boolean): TaskWork {
  return new Proxy({} as TaskWork, {
    get: (_, name) =>
      name === 'toJSON'
        ? undefined
        : (...args: unknown[]) => {
            const isGuard = /^(is|must|ends)/.test(String(name))
            if (isGuard) return answer(String(name))
            log.push([name, ...args].join(' '))
            return undefined
          },
  })
}
