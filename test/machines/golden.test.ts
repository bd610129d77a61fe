import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { charts, goldenFile, tableOf, withDiagrams } from '../../scripts/diagrams.ts'

const advice = 'A chart has changed. If that is meant, run `npm run diagrams`, read the diff, and commit it.'

test.each(charts.map((machine) => [machine.id, machine] as const))(
  'the %s chart does what its golden file says',
  async (_, machine) => {
    const golden = await readFile(goldenFile(machine), 'utf8')
    expect(tableOf(machine), advice).toBe(golden)
  },
)

test('the diagrams in ARCHITECTURE.md show the charts as they are', async () => {
  const text = await readFile(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8')
  expect(withDiagrams(text), advice).toBe(text)
})
