import type { Clock } from '../base/clock.ts'
import type { Wheel } from '../base/wheel.ts'
import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'
import type {
  Inspection,
  InspectionEvent,
  InspectionObserver,
  InspectOptions,
  Unshown,
} from '../contracts/inspection.ts'
import type { Engine } from '../engine/engine.ts'
import type { Fence } from '../fences/fence.ts'
import { Inspector } from '../observe/inspector.ts'

export interface InspectParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly wheel: Wheel
  readonly fence: Fence
}

/** `crawler.inspect`: reads what was given, and lets an inspector look at the engine. */
export function attachInspector(
  { engine, clock, wheel, fence }: InspectParts,
  observer: ((event: InspectionEvent) => unknown) | InspectionObserver<InspectionEvent>,
  options: InspectOptions,
): Inspection {
  const isObserver = typeof observer === 'function' || hasFunctions(observer, 'next')
  assertArgument(
    isObserver,
    'inspect()',
    'observer',
    'a function of the event, or an object with "next" such as inspector.inspect',
    observer,
  )
  assertInspectOptions(options)
  const inspector = new Inspector(
    {
      root: engine.root,
      router: engine.router.actor,
      clock,
      wheel,
      sleeping: () => engine.router.sleeping(),
      next: typeof observer === 'function' ? observer : (event) => observer.next!(event),
      complete: () => {
        unwatch()
        if (typeof observer === 'function') return
        try {
          observer.complete?.()
        } catch (error) {
          fence.threw('An inspector', error, 'It was detached already.')
        }
      },
      failed: (error) => {
        unwatch()
        fence.threw('An inspector', error, 'It is detached.')
      },
    },
    options,
  )
  const unwatch = engine.watch((holder) => inspector.wants(holder))
  inspector.attach()
  const detach = () => {
    inspector.detach()
    unwatch()
  }
  return Object.defineProperties(detach, {
    leftOut: { get: (): Unshown => ({ ...inspector.leftOut }) },
    [Symbol.dispose]: { value: detach },
  }) as Inspection
}

function assertInspectOptions(options: InspectOptions): void {
  assertArgument(isOptions(options), 'inspect()', 'options', 'an object', options)
  for (const name of ['attempts', 'unchanged'] as const) {
    const given = options[name]
    const isSwitch = given === undefined || typeof given === 'boolean'
    assertArgument(isSwitch, 'inspect()', name, 'true or false', given)
  }
  const { isBusy } = options
  const isQuestion = isBusy === undefined || typeof isBusy === 'function'
  assertArgument(isQuestion, 'inspect()', 'isBusy', 'a function', isBusy)
  for (const name of ['rate', 'actors'] as const) {
    const given = options[name]
    const isNumber = given === undefined || (typeof given === 'number' && given >= 1)
    assertArgument(isNumber, 'inspect()', name, 'a number from 1', given)
  }
}
