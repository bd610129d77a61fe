import { type AnyActorRef, fromCallback } from 'xstate'

/**
 * An actor that is there to have children: proxies of the fleet, tasks of the crew. A statechart would copy its map of
 * children at every spawn (5 ms at 5,000); under a callback actor adopted children cost the same at any number. It hears
 * nothing; an inspector draws its branch of the tree.
 */
export const hubLogic = fromCallback<{ type: 'noop' }, { ready: (self: AnyActorRef) => void }>(
  ({ input, self }) => {
    input.ready(self)
  },
)
