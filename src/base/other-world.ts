import { AsyncLocalStorage } from 'node:async_hooks'
import type { Random } from './random.ts'

/**
 * A date and luck of its own for one piece of work. Time and chance are arguments in this house, but not in the code of a
 * user: whether that code asks the runtime for them is found out by giving it other answers, and all else is the same. What
 * runs beside the work, in the same process, keeps its own: the replaced functions look up for whom they are called
 * (AsyncLocalStorage), and are there only as long as some such work is under way. A module of its own for each run was
 * rejected: it would read the user's file again, and with it everything that the file opens.
 */
export interface OtherWorld {
  /** Milliseconds since the epoch. Each question is a millisecond later than the one before, so that no loop waits for ever. */
  readonly wall: number
  /** What `Math.random` draws from. */
  readonly random: Random
}

const worlds = new AsyncLocalStorage<{ wall: number; readonly random: Random }>()
let inside = 0
let putBack = () => {}

/** What the work gives. */
export async function inOtherWorld<Result>(
  { wall, random }: OtherWorld,
  work: () => Promise<Result>,
): Promise<Result> {
  if (inside++ === 0) putBack = replaceGlobals()
  try {
    return await worlds.run({ wall, random }, work)
  } finally {
    if (--inside === 0) putBack()
  }
}

function replaceGlobals(): () => void {
  const RealDate = globalThis.Date
  const realRandom = Math.random
  const now = () => {
    const world = worlds.getStore()
    return world ? world.wall++ : RealDate.now()
  }
  // A proxy keeps `instanceof` and `constructor` as they are.
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given, made) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, made) as Date,
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
  Math.random = () => (worlds.getStore()?.random ?? realRandom)()
  return () => {
    globalThis.Date = RealDate
    Math.random = realRandom
  }
}
