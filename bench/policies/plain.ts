import { pickIndex } from '../../src/base/random.ts'
import { type Arm, type Ask, nobody, type Policy } from './policy.ts'

/** The policies that people write, each in its usual form. A new object has learnt nothing yet. */
export const plainPolicies: readonly ((onOpen: (arm: Arm) => void) => Policy)[] = [
  roundRobinOfFive,
  () => random('random', 1),
  () => random('race 3', 3),
  leastUsed,
  weighted,
  sticky,
]

const hour = 3_600_000

/** One after the other; five failures in a row, and a proxy is unhealthy for an hour. */
function roundRobinOfFive(onOpen: (arm: Arm) => void): Policy {
  const failures = new Map<Arm, number>()
  const back = new Map<Arm, number>()
  let next = 0
  return {
    name: 'round robin, five failures',
    pauses: true,
    opens: true,
    pick({ arms, now, mayUse }) {
      for (let n = 0; n < arms.length; n++) {
        const arm = arms[next++ % arms.length]!
        if (mayUse(arm) && (back.get(arm) ?? 0) <= now) return arm
      }
      return nobody
    },
    ended(arm, isGood, now) {
      const run = isGood ? 0 : (failures.get(arm) ?? 0) + 1
      failures.set(arm, run % 5)
      if (run < 5 || (back.get(arm) ?? 0) > now) return
      back.set(arm, now + hour)
      onOpen(arm)
    },
  }
}

/** Anybody; with a `width` of three it is the race of those who want no tail. */
function random(name: string, width: number): Policy {
  return { name, width, pick: (ask) => oneOf(ask) }
}

/** The one with the fewest requests under way, then with the fewest ever. */
function leastUsed(): Policy {
  return {
    name: 'least used',
    pauses: true,
    pick({ arms, mayUse }) {
      let best: Arm | undefined
      for (const arm of arms) {
        if (!mayUse(arm)) continue
        if (!best || (arm.running - best.running || arm.uses - best.uses) < 0) best = arm
      }
      return best ?? nobody
    },
  }
}

/** With a chance in proportion to the share of good answers so far. */
function weighted(): Policy {
  const good = new Map<Arm, number>()
  const all = new Map<Arm, number>()
  const weight = (arm: Arm) => ((good.get(arm) ?? 0) + 1) / ((all.get(arm) ?? 0) + 2)
  return {
    name: 'weighted by success',
    pauses: true,
    pick({ arms, mayUse, random }) {
      const usable = arms.filter(mayUse)
      let rest = random() * usable.reduce((sum, arm) => sum + weight(arm), 0)
      for (const arm of usable) {
        rest -= weight(arm)
        if (rest <= 0) return arm
      }
      return usable.at(-1) ?? nobody
    },
    ended(arm, isGood) {
      all.set(arm, (all.get(arm) ?? 0) + 1)
      if (isGood) good.set(arm, (good.get(arm) ?? 0) + 1)
    },
  }
}

/** The same one until it fails, then the next. */
function sticky(): Policy {
  let current = 0
  let last: Arm | undefined
  return {
    name: 'sticky round robin',
    pick({ arms, mayUse }) {
      for (let n = 0; n < arms.length; n++) {
        const arm = arms[(current + n) % arms.length]!
        if (n === 0) last = arm
        if (mayUse(arm)) return arm
      }
      return nobody
    },
    ended(arm, isGood) {
      // Fifty requests of one proxy fail together, and are one reason to move on.
      if (isGood || arm !== last) return
      current++
      last = undefined
    },
  }
}

function oneOf({ arms, mayUse, random }: Ask): Arm | typeof nobody {
  for (let n = 0; n < 8; n++) {
    const arm = arms[pickIndex(random, arms.length)]!
    if (mayUse(arm)) return arm
  }
  const usable = arms.filter(mayUse)
  return usable[pickIndex(random, usable.length)] ?? nobody
}
