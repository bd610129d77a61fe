import { expect, it } from 'vitest'
import { coingecko } from '../../plugins/coingecko.ts'
import { fred } from '../../plugins/fred.ts'
import { stooq } from '../../plugins/stooq.ts'
import { yahooFinance } from '../../plugins/yahoo-finance.ts'
import type { Source } from '../../src/contracts/source.ts'
import { fixturesOf, testSource } from '../../src/testing/index.ts'

const sources = [yahooFinance, stooq, fred, coingecko] as unknown as readonly Source[]

it.each(sources)('$name reads its recorded pages as it should', async (source) => {
  const { items, missing, dead } = await testSource(
    source,
    fixturesOf(`plugins/${source.name}.ts`, source.name),
  )
  expect(items.length).toBeGreaterThan(0)
  expect(missing).toEqual([])
  expect(dead).toEqual([])
})
