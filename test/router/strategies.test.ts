import { expect, test } from 'vitest'
import type { Strategy } from '../../src/contracts/strategy.ts'
import {
  leastUsed,
  random,
  roundRobin,
  strategyFor,
  thompson,
  weighted,
} from '../../src/router/strategies.ts'
import { PickingWorld } from './world.ts'

interface Arm {
  readonly success: number
  readonly ms: number
}

/** How often each arm was picked. */
function play(strategy: Strategy, arms: readonly Arm[], rounds: number, seed = 1): number[] {
  const world = new PickingWorld(arms.length, strategy, seed)
  const picks = arms.map(() => 0)
  for (let n = 0; n < rounds; n++) {
    world.now += 50
    const proxy = world.pick()!
    picks[proxy]!++
    const { success, ms } = arms[proxy]!
    world.learn(proxy, world.random() < success, ms * (0.8 + 0.4 * world.random()))
  }
  return picks
}

const equal = (count: number): Arm[] => Array.from({ length: count }, () => ({ success: 0.9, ms: 100 }))

test('round robin gives everybody the same number of turns', () => {
  expect(play(roundRobin, equal(7), 700)).toEqual(Array.from({ length: 7 }, () => 100))
})

test('round robin stays even when proxies rest between two turns', () => {
  const world = new PickingWorld(10, roundRobin)
  const picks = Array.from({ length: 10 }, () => 0)
  for (let n = 0; n < 4_000; n++) {
    world.now += 100
    const proxy = world.pick(500)
    if (proxy !== undefined) picks[proxy]!++
  }
  expect(Math.max(...picks) - Math.min(...picks)).toBeLessThanOrEqual(80)
})

test('random gives everybody about the same', () => {
  for (const count of play(random, equal(10), 10_000)) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test('weighted picks in proportion to the posterior mean of success', () => {
  const picks = play(
    weighted,
    [
      { success: 0.9, ms: 100 },
      { success: 0.9, ms: 100 },
      { success: 0.1, ms: 100 },
    ],
    6_000,
  )
  const ratio = picks[2]! / picks[0]!
  expect(ratio).toBeGreaterThan(0.08)
  expect(ratio).toBeLessThan(0.25)
})

test('least used levels out what was uneven', () => {
  const world = new PickingWorld(5, leastUsed)
  const row = world.pairs.open(0)
  world.pairs.uses[row] = 50
  for (let n = 0; n < 100; n++) expect(world.pick()).not.toBe(0)
})

test.each([1, 2, 3, 4, 5])(
  'Thompson finds the fast and reliable among the slow and the broken (seed %d)',
  (seed) => {
    const arms = [
      { success: 0.95, ms: 80 },
      ...Array.from({ length: 6 }, () => ({ success: 0.95, ms: 2_000 })),
      ...Array.from({ length: 13 }, () => ({ success: 0.2, ms: 100 })),
    ]
    const picks = play(thompson, arms, 2_000, seed)
    expect(picks[0]! / 2_000).toBeGreaterThan(0.7)
  },
)

test('Thompson comes back to a proxy that recovers', () => {
  const world = new PickingWorld(4, thompson, 9)
  const late = [0, 0, 0, 0]
  for (let n = 0; n < 8_000; n++) {
    world.now += 1_000
    const proxy = world.pick()!
    if (n >= 6_000) late[proxy]!++
    const isGood = proxy === 0 ? n >= 2_000 : world.random() < 0.4
    world.learn(proxy, isGood, 100)
  }
  expect(late[0]! / 2_000).toBeGreaterThan(0.5)
})

test('a strategy is known by its name or brought along', () => {
  expect(strategyFor('least-used')).toBe(leastUsed)
  const own: Strategy = { name: 'own', pick: () => 0 }
  expect(strategyFor(own)).toBe(own)
})
