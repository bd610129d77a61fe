import { createCoinGecko } from './coin-gecko.ts'
import type { CreateEmulation } from './emulation.ts'
import { createFred } from './fred-series.ts'
import { createOpenLibrary } from './open-library.ts'
import { createPagedApi } from './paged-api.ts'
import { createQuotes } from './quote-site.ts'
import { createStooq } from './stooq-csv.ts'
import { createYahoo } from './yahoo.ts'

/** The services that an origin can emulate, by the name of the source that talks to them. */
const emulations = {
  openlibrary: createOpenLibrary,
  quotes: createQuotes,
  'json-api': createPagedApi,
  'yahoo-finance': createYahoo,
  stooq: createStooq,
  fred: createFred,
  coingecko: createCoinGecko,
} satisfies Record<string, CreateEmulation>

export type EmulationName = keyof typeof emulations

export const emulationNames = Object.keys(emulations) as [EmulationName, ...EmulationName[]]

export function findEmulation(name: EmulationName): CreateEmulation {
  return emulations[name]
}
