import type { RegattaErrorCode, RegattaErrorValues } from './error-values.ts'

/**
 * Misuse is an error, an expected failure is a value. Every error that leaves Regatta is a RegattaError: a stable `code`
 * for programs, a sentence that names the thing and the way out for people, and a `value` whose type follows from the
 * code (error-values.ts).
 * `if (error instanceof RegattaError && error.code === 'TASK_FAILED') console.log(error.value.reason)`
 */
export type RegattaError<Code extends RegattaErrorCode = RegattaErrorCode> = {
  [Each in Code]: CodedError<Each>
}[Code]

/** The error of one code. */
interface CodedError<Code extends RegattaErrorCode> extends Error {
  /** A stable name of what went wrong. */
  readonly code: Code
  /** What was wrong, for programs; docs/errors.md has the fields. Never a credential. */
  readonly value: RegattaErrorValues[Code]
}

/** What fits each of these codes: a code that is known only at run time needs a value that suits all it may be. */
type ValueFor<Code extends RegattaErrorCode> = {
  [Each in Code]: (value: RegattaErrorValues[Each]) => void
}[Code] extends (value: infer Value) => void
  ? Value
  : never

type DetailsFor<Code extends RegattaErrorCode> =
  undefined extends ValueFor<Code>
    ? [details?: { readonly value?: ValueFor<Code>; readonly cause?: unknown }]
    : [details: { readonly value: ValueFor<Code>; readonly cause?: unknown }]

interface RegattaErrorClass {
  /** What `instanceof` narrows to. */
  readonly prototype: RegattaError
  /** `details` holds the value that belongs to the code, and the error behind this one. */
  new <Code extends RegattaErrorCode>(
    code: Code,
    message: string,
    ...details: DetailsFor<Code>
  ): RegattaError<Code>
}

// A class cannot be a union of types, and only a union is narrowed by its code: hence the type, and this.
export const RegattaError = class RegattaError extends Error {
  readonly code: RegattaErrorCode
  readonly value: unknown

  constructor(code: RegattaErrorCode, message: string, details: { value?: unknown; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'RegattaError'
    this.code = code
    this.value = details.value
  }
} as unknown as RegattaErrorClass

/** An error that crossed from another thread or process as plain data; its maker there was held to the table. */
export interface PlainError {
  readonly code: RegattaErrorCode
  readonly message: string
  readonly value?: unknown
}

export function revive({ code, message, value }: PlainError): RegattaError {
  return new RegattaError(code, message, { value: value as never })
}

/** The sentence of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'something that is no text' // an object without a prototype, a getter that throws
  }
}
