import { fromCallback } from 'xstate'

/**
 * A parent of many actors of one kind: the crawler's root, the fleet, the tasks. A machine would copy its map of children
 * on every spawn (5 ms at 5,000); a callback with children adopted under it stays flat. It takes no events; it exists so
 * that the tree an inspector draws is the tree a reader expects.
 */
export const hubLogic = fromCallback<{ type: 'noop' }, undefined>(() => undefined)
