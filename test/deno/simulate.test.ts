import { expect, test } from 'vitest'
import { simulate } from '../../src/sim/simulate.ts'
import { stormScenario } from '../../src/sim/storm.ts'

test('a simulation is the same twice, and breaks no invariant', async () => {
  const run = async (seed: number) => {
    const lines: string[] = []
    const { violations } = await simulate(stormScenario(seed), { trace: (line) => lines.push(line) })
    expect(violations).toEqual([])
    return lines.join('\n')
  }
  for (const seed of [3, 4, 5]) expect(await run(seed)).toBe(await run(seed))
})
