import type { Strategy } from '../contracts/strategy.ts'
import { thompson } from '../router/strategies.ts'
import type { Fence } from './fence.ts'

const instead = 'The default strategy picks.'

/** Picks, or the default strategy does. Called for every request, so it allocates nothing. */
export function fenceStrategy(own: Strategy, fence: Fence): Strategy {
  const what = `Strategy "${own.name ?? 'without a name'}"`
  return {
    name: own.name,
    ...(own.order !== undefined && { order: own.order }),
    pick(view) {
      try {
        const position: unknown = own.pick(view)
        if (isPosition(position, view.size)) return position
        fence.returned(what, position, 'a position in its view (0 ≤ n < size)', instead)
      } catch (error) {
        fence.threw(what, error, instead)
      }
      return thompson.pick(view)
    },
  }
}

function isPosition(value: unknown, size: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < size
}
