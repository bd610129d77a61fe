import { messageOf } from '../contracts/errors.ts'

/**
 * What the user brings (a classifier, a strategy, a sink, …) is code that we did not write, called from the middle of
 * code that must not break. Each such thing is wrapped once, where it comes in, and everybody behind that may trust it: it
 * does not throw, and it returns what its contract says. What it did wrong instead is told once, with its name, and what
 * would have been there without it takes its place.
 *
 * A check at each call was rejected: a call that is forgotten kills the process, and nobody sees what is missing.
 */
export class Fence {
  readonly #told = new Set<string>()
  readonly #tell: (message: string) => void

  constructor(tell: (message: string) => void) {
    this.#tell = tell
  }

  /** It threw, or its promise was rejected. `instead` is a sentence: what happens now. */
  threw(what: string, error: unknown, instead: string): void {
    this.#once(`${what} threw`, `: ${messageOf(error)}. ${instead}`)
  }

  /** It returned what it may not. `wanted` completes "instead of". */
  returned(what: string, value: unknown, wanted: string, instead: string): void {
    hush(value)
    this.#once(`${what} returned`, ` ${describe(value)} instead of ${wanted}. ${instead}`)
  }

  #once(fault: string, rest: string): void {
    if (this.#told.has(fault)) return
    this.#told.add(fault)
    this.#tell(fault + rest)
  }
}

/** Nobody waits for this promise, so nobody else would hear that it is rejected. */
export function hush(value: unknown, rejected: (error: unknown) => void = () => {}): void {
  if (isPromise(value)) Promise.resolve(value).catch(rejected)
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof value.then === 'function'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** What it is, for a message; the content of a text or an object may be a secret. */
export function describe(value: unknown): string {
  if (isPromise(value)) return 'a promise (it may not be async)'
  if (Array.isArray(value)) return `a list of ${value.length}`
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty text' : 'a text'
    case 'object':
      return value === null ? 'null' : 'an object that does not fit'
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    default:
      return value === undefined ? 'nothing' : String(value)
  }
}
