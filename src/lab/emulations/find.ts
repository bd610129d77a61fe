import type { CreateEmulation } from './emulation.ts'
import { createOpenLibrary } from './open-library.ts'
import { createQuotes } from './quotes.ts'

/** The services that an origin can emulate, by the name of the source that talks to them. */
const emulations = {
  openlibrary: createOpenLibrary,
  quotes: createQuotes,
} satisfies Record<string, CreateEmulation>

export type EmulationName = keyof typeof emulations

export const emulationNames = Object.keys(emulations) as [EmulationName, ...EmulationName[]]

export function findEmulation(name: EmulationName): CreateEmulation {
  return emulations[name]
}
