import process from 'node:process'
import * as xstate from 'xstate'
import { type ChartConfig, mutated, observed } from './chart.ts'
import { note } from './notes.ts'

/**
 * Stands in for xstate where `machines/` imports it (vitest.config.ts beside this), so that a chart is made with one thing
 * turned off, and no file is rewritten: REGATTA_MUTANT says which. With REGATTA_MUTANTS_NOTES it notes what happens instead.
 */
export * from 'xstate'

interface Parts {
  readonly guards?: Readonly<Record<string, unknown>>
  readonly actions?: Readonly<Record<string, unknown>>
}

interface Maker {
  createMachine(config: ChartConfig): unknown
  extend(parts: Parts): Maker
}

const original = xstate.setup as unknown as (parts: Parts) => Maker

export function setup(parts: Parts): Maker {
  return {
    ...original(parts),
    createMachine(config) {
      const { REGATTA_MUTANT: mutant, REGATTA_MUTANTS_NOTES: notes } = process.env
      if (mutant) return original(parts).createMachine(mutated(config, mutant))
      if (!notes) return original(parts).createMachine(config)
      const watched = observed(config, parts.guards ?? {}, note)
      const guards = { ...parts.guards, ...watched.guards }
      const actions = { ...parts.actions, ...watched.actions }
      return original({ ...parts, guards, actions }).createMachine(watched.config)
    },
    extend: (more) =>
      setup({
        ...parts,
        ...more,
        guards: { ...parts.guards, ...more.guards },
        actions: { ...parts.actions, ...more.actions },
      }),
  }
}
