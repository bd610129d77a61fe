import { describe, expect, test } from 'vitest'
import type { Standard } from './standard.ts'

/** One test for each case of a standard: what `run` makes of its input is what the standard says, or what we say instead. */
export function checkStandard<Input, Result>(
  { name, cases }: Standard<Input, Result>,
  run: (input: Input) => Result | Promise<Result>,
): void {
  describe(name, () => {
    test.each(cases.map(({ title, ...rest }) => [title, rest] as const))(
      '%s',
      async (_, { input, expected, differs }) => {
        expect(await run(input)).toEqual(differs ? differs.ours : expected)
        // A difference that is none any more is taken out of the table.
        if (differs) expect(differs.ours).not.toEqual(expected)
      },
    )
  })
}
