import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyStateMachine, createActor } from 'xstate'
import { proxyMachine } from '../../machines/proxy.ts'
import { type TaskWork, taskMachine } from '../../machines/task.ts'
import { compile } from '../../src/actors/compile.ts'
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
    fc.record({ type: fc.constant('weighed'), alpha: fc.constant(5), beta: fc.constant(1) }),
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
  const guards = ['isLeased', 'isOver', 'endsAtOnce', 'mustWait', 'mustQueue', 'isSettled'] as const
  const types = [
    'assigned',
    'lease.granted',
    'lease.refused',
    'attempt.finished',
    'hedge.due',
    'abandoned',
    'delivered',
  ]
  const event = fc.record({ type: fc.constantFrom(...types), reason: fc.constant('deadline') })
  const answers = fc.record(Object.fromEntries(guards.map((guard) => [guard, fc.boolean()])))
  fc.assert(
    fc.property(fc.array(fc.tuple(event, answers), { maxLength: 40 }), (steps) => {
      const logs: string[][] = [[], []]
      let answer: Record<string, boolean> = {}
      const works = logs.map((log) => workThat(log, (guard) => answer[guard] ?? false))
      const interpreted = createActor(taskMachine, { input: { work: works[0]! } }).start()
      const compiled = createActor(compile(taskMachine), { input: { work: works[1]! } }).start()
      for (const [each, truth] of steps) {
        answer = truth as Record<string, boolean>
        interpreted.send(each as never)
        compiled.send(each as never)
        expect(compiled.getSnapshot().value).toBe(interpreted.getSnapshot().value)
        expect(logs[1]).toEqual(logs[0])
      }
    }),
    { numRuns: 500 },
  )
})

test('a chart that is more than flat is refused by name', () => {
  const nested = { config: { states: { up: { always: {} } } }, implementations: { guards: {}, actions: {} } }
  expect(() => compile(nested)).toThrow('state "up" has "always"')
})

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
