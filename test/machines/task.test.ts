import { expect, test } from 'vitest'
import { fromTransition } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { taskMachine } from '../../machines/task.ts'
import { Coverage } from './coverage.ts'
import { type Move, TaskWorld } from './task-world.ts'

/**
 * The task's chart with the real work behind it, walked along every path of a bounded world. A state of the walk is the
 * list of moves that led to it; to take a step the whole path is run again, so what is checked is what runs.
 */
interface Walked {
  readonly path: readonly Move[]
  readonly key: string
  readonly moves: readonly Move[]
}

/** Long enough for every transition; the walk grows by a half with each move more. */
const longestPath = 7

const coverage = new Coverage(taskMachine)

function run(path: readonly Move[], world = new TaskWorld()): Walked {
  const story = path.map((move) => Object.values(move).join(' ')).join(', ')
  for (const move of path) {
    const before = world.state
    world.make(move)
    check(world, `in ${before}; ${story}`)
  }
  const walked = { path, key: keyOf(world), moves: path.length < longestPath ? world.moves() : [] }
  checkEnding(world, story)
  for (const { from, taken } of world.transitions) coverage.take(from, taken)
  return walked
}

function check(world: TaskWorld, story: string): void {
  const running = world.calls.length
  expect(world.results.length, `a task was answered twice ${story}`).toBeLessThanOrEqual(world.jobs)
  expect(world.startedAfterOver, `an attempt started after the task was over ${story}`).toBe(0)
  expect(world.startedAfterDrain, `an attempt started after the drain ${story}`).toBe(0)
  if (world.isDrained && running === 0) {
    expect(world.isTaskOut, `a drained task waits ${story}`).toBe(false)
    expect(world.pool!.waiting.size, `a drained task stands in the queue ${story}`).toBe(
      world.isCrowded && world.others.length === 0 ? 1 : 0,
    )
  }
  // Every lease that is held is an attempt on its way: none was granted and forgotten, none was started without one.
  const held = running + world.others.length
  const permits = world.engine.fleet.inFlight.reduce((sum, each) => sum + each, 0)
  expect(world.pool?.inFlight ?? 0, `permits of the host ${story}`).toBe(held)
  expect(permits, `permits of proxies ${story}`).toBe(held)
  const underWay = world.jobs - world.results.length + (world.isCrowded ? 1 : 0)
  expect(world.engine.crew.underWay, `places of the crew ${story}`).toBe(underWay)
  // Those of a URL that has sent the task on are cancelled, and come home when they like.
  const wanted = world.calls.filter(({ isCancelled }) => !isCancelled).length
  if (world.state === 'racing') expect(wanted, `a race without an attempt ${story}`).toBeGreaterThan(0)
  if (world.state === 'idle' || world.state.startsWith('waiting') || world.state === 'admitting') {
    expect(wanted, `an attempt of nobody ${story}`).toBe(0)
  }
  if (world.state === 'idle') expect(world.results.length, `idle without an answer ${story}`).toBe(world.jobs)
  if (world.results.length === world.jobs) {
    expect(
      world.calls.every((each) => each.isCancelled),
      `a loser was not told ${story}`,
    ).toBe(true)
  }
}

/** From wherever it is, the task comes to its end by itself: its deadline at the latest. */
function checkEnding(world: TaskWorld, story: string): void {
  if (world.jobs === 0) return
  if (world.engine.router.isPaused) world.make({ type: 'resume' })
  world.make({ type: 'pass', ms: 10_000 })
  while (world.calls.length + world.others.length > 0 || world.mustTake) {
    if (world.others.length > 0) world.make({ type: 'clear' })
    else if (world.calls.length > 0) world.make({ type: 'finish', attempt: 'oldest', how: 'page' })
    else world.make({ type: 'take' })
    world.make({ type: 'pass', ms: 10_000 })
  }
  expect(world.results.length, `a task without an answer; ${story}`).toBe(world.jobs)
  expect(world.state, `a slot that does not come back; ${story}`).toBe('idle')
  expect(world.engine.crew.racing, `a place among those that race; ${story}`).toBe(0)
  expect(world.pool!.waiting.size, `a waiter that nobody waits for; ${story}`).toBe(0)
  expect(
    world.pool!.record.pairs.overdue.every((each) => each === 0),
    `an overdue mark; ${story}`,
  ).toBe(true)
}

function keyOf(world: TaskWorld): string {
  return JSON.stringify([
    world.state,
    world.jobs,
    world.results.length,
    world.calls.map((each) => each.isCancelled),
    world.mustTake,
    world.engine.router.isPaused,
    world.pool?.waiting.size,
    world.armed,
    world.isDirect,
    world.isCrowded,
    world.others.length,
    Math.min(3, world.started),
    world.isDrained,
    world.hops,
  ])
}

const walk = fromTransition((walked: Walked, move: Move): Walked => run([...walked.path, move]), run([]))
const events = (snapshot: { context: Walked }) => snapshot.context.moves

test('every path of a task answers once, gives back what it holds, and starts nothing after its end', () => {
  const map = getAdjacencyMap(walk, { events, serializeState: (snapshot) => snapshot.context.key })
  expect(Object.keys(map).length).toBeGreaterThan(100)
}, 60_000)

const assign: Move = { type: 'assign', direct: true }
const page: Move = { type: 'finish', attempt: 'oldest', how: 'page' }
const redirect: Move = { type: 'finish', attempt: 'oldest', how: 'redirect' }
const late: Move = { type: 'pass', ms: 2_000 }
const hear: Move = { type: 'hear' }
const honest: Move = { type: 'heard', honest: true }
const unknown: Move = { type: 'heard', honest: false }

/** Over plain HTTP an answer is held until its exit is known. Too many paths to walk them all: these take each arrow. */
test.each<readonly Move[]>([
  [assign, hear, page, honest],
  [assign, hear, redirect, honest, { type: 'admit' }, page],
  [assign, hear, page, unknown, page],
  [assign, hear, page, { type: 'abandon' }],
  [assign, hear, page, { type: 'drain' }],
  [assign, page, late],
  [assign, redirect, late, { type: 'admit' }],
  [assign, page, { type: 'drain' }, late],
  [assign, { type: 'crowd' }, page, late],
  [assign, { type: 'crowd' }, redirect, late, { type: 'admit' }],
  [assign, { type: 'pause' }, page, late],
  [assign, { type: 'pause' }, redirect, late, { type: 'admit' }],
])('an answer that is held comes to its end (path %#)', (...path) => {
  run(path, new TaskWorld(true))
})

test('every transition of the task chart is taken, but for those that this world cannot bring about', () => {
  expect(coverage.missing()).toEqual([
    // A request of a session, or a host that nobody reaches: test/race/unknown-host.test.ts, test/faults/14-session.test.ts.
    'waiting.leasing lease.refused #1 (of waiting)',
    // Its turn has not come, told to the first in the queue alone: takes a host with a limit of its own.
    'waiting.leasing lease.refused #3 (of waiting)',
    // Its answer is handed over while only its turn has not come: takes a host with a limit of its own, too.
    'waiting.leasing held.judged #1 (of waiting)',
    'waiting.leasing held.judged #2 (of waiting)',
    'waiting.parked lease.refused #1 (of waiting)',
    // Another gate than the one that it was parked for: takes gates that are shut for a time.
    'waiting.parked lease.refused #2 (of waiting)',
    'waiting.parked lease.refused #3 (of waiting)',
    // A challenge with a resolver: test/race/challenge.test.ts.
    'racing attempt.finished #4',
    // What must not be sent twice is redirected while its crawl drains: test/race/redirects.test.ts.
    'finishing attempt.finished #2',
  ])
})
