import { type AnyActorRef, fromCallback } from 'xstate'

/**
 * The hub that owns many actors of one kind: pools for the router, proxies for the fleet and for each pool, tasks for
 * the crew. A machine would copy its map of children on every spawn (5 ms at 5,000); a callback with children adopted
 * under it stays flat. It takes no events; it exists so that the tree an inspector draws is the tree a reader expects.
 */
export const hubLogic = fromCallback<{ type: 'noop' }, { ready: (self: AnyActorRef) => void }>(
  ({ input, self }) => {
    input.ready(self)
  },
)
