/**
 * A standard, or what the real world makes of one, as data: inputs and what ought to come of them. Each file
 * `NAME.cases.ts` in this folder exports one as `standard`; `NAME.test.ts` beside it runs it (check.ts), and `npm run docs`
 * prints all of them into docs/conformance.md. A case that we decide otherwise says so, and why.
 */
export interface Standard<Input = unknown, Result = unknown> {
  /** As the field calls it: `RFC 9309`. */
  readonly name: string
  /** What of it the cases are about: `groups, rules and their precedence`. */
  readonly about: string
  /** Where the cases come from, with the licence where it is data of others. */
  readonly source: string
  readonly cases: readonly Case<Input, Result>[]
}

export interface Case<Input = unknown, Result = unknown> {
  /** Plain words; unique within the standard. */
  readonly title: string
  readonly input: Input
  /** What the standard says. */
  readonly expected: Result
  /** A deliberate difference: what we make of it, and the reason in one sentence. */
  readonly differs?: { readonly ours: Result; readonly why: string }
}
