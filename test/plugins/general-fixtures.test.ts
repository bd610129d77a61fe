import { expect, test } from 'vitest'
import { jsonApi } from '../../plugins/json-api.ts'
import { list } from '../../plugins/list.ts'
import { site } from '../../plugins/site.ts'
import type { Source } from '../../src/contracts/source.ts'
import { fixturesOf, testSource } from '../../src/testing/index.ts'

const sources = [jsonApi, site, list] as unknown as readonly Source[]

test.each(sources)('$name reads its recorded pages as it should', async (source) => {
  const fixtures = fixturesOf(`plugins/${source.name}.ts`, source.name)
  const { items, missing, dead } = await testSource(source, fixtures)
  expect(items.length).toBeGreaterThan(2)
  expect({ missing, dead: dead.filter(({ reason }) => reason !== 'status-404') }).toEqual({
    missing: [],
    dead: [],
  })
})
