import type { HttpResponse } from './outcome.ts'

/**
 * What a caller takes as an answer although a rule would refuse it: statuses and reasons of verdicts (docs/verdicts.md), or
 * a function that is asked about each answer. `[403, 'empty-body']`
 */
export type Accept = number | string | readonly (number | string)[] | ((response: HttpResponse) => boolean)

/** How the caller overrules what the rules say of an answer. */
export interface Acceptance {
  /** These answers are taken as they are. Default: none. */
  readonly accept?: Accept | undefined
  /** `false`: whatever the host answers is taken as it is, refusals and errors too. Default true. */
  readonly judge?: boolean | undefined
}

export function isAccept(value: unknown): value is Accept {
  const isOne = (each: unknown) => typeof each === 'string' || typeof each === 'number'
  return isOne(value) || typeof value === 'function' || (Array.isArray(value) && value.every(isOne))
}

/** What it may be, for people. */
export const acceptExpected =
  'statuses and reasons such as 403 or "empty-body", one or an array, or a function of the response'
