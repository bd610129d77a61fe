import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'
import type {
  Inspection,
  InspectionEvent,
  InspectionObserver,
  InspectOptions,
  Unshown,
} from '../contracts/inspection.ts'
import { Inspector, type InspectorParts } from '../observe/inspector.ts'

/** `crawler.inspect`: reads what was given, and lets an inspector look at the engine. */
export function attachInspector(
  parts: Omit<InspectorParts, 'observer'>,
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
  const heard = typeof observer === 'function' ? { next: observer } : observer
  const inspector = new Inspector({ ...parts, observer: heard }, options)
  inspector.attach()
  const detach = () => inspector.detach()
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
