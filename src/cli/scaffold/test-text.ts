/** The test of a new source: what was recorded is read as it was. */
export function testText({
  variable,
  name,
  end,
  runner,
}: {
  readonly variable: string
  readonly name: string
  readonly end: 'ts' | 'mts'
  readonly runner: 'vitest' | 'node:test'
}): string {
  return `import { fixturesOf, testSource } from 'regatta/testing'
import { test } from '${runner}'
import { ${variable} } from './${name}.${end}'

test('${name} reads the pages that were recorded', async () => {
  await testSource(${variable}, fixturesOf(import.meta.url, ${variable}))
})
`
}
