/**
 * Mutants that nobody can notice, by their id, with the reason. `npm run mutants` fails when one of them is not there any
 * more, or is killed after all.
 */
export const equivalent: Readonly<Record<string, string>> = {}
