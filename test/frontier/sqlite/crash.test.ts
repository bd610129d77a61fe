import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Frontier, Lease, Settlement } from '../../../src/contracts/frontier.ts'
import type { SinkRecord } from '../../../src/contracts/sink.ts'
import { ManualClock } from '../../manual-clock.ts'
import { request } from '../model.ts'
import { copyState, Disk, openOn } from './faults.ts'
import { tempFile, tidy } from './folder.ts'

afterAll(tidy)

/** What a crawl does, small: everything that writes, some of it at the same time. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('discover' as const),
    ids: fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    kinds: fc.array(fc.constantFrom('done', 'next', 'retry', 'release', 'dead'), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  fc.constant({ do: 'revive' as const }),
  fc.constant({ do: 'revisit' as const }),
  fc.constant({ do: 'setHost' as const }),
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

/** What the caller was told, and what it had asked for when the end came. */
class Told {
  /** Requests that were added. */
  readonly known = new Set<string>()
  /** Asked for last; it is so or not. */
  readonly asked = new Set<string>()
  /** Done for good, or given up. */
  readonly done = new Set<string>()
  readonly dead = new Set<string>()
  /** Settlements with outputs that were confirmed: request and how often. */
  readonly outputs = new Map<string, number>()
}

test('whenever a process dies, no request is lost and none that is settled comes again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const whole = new Disk()
      await crawl(openOn(whole, tempFile()), steps, new Told())
      const { statements } = whole
      for (let last = 1; last <= statements; last += 1 + Math.floor(statements / 40)) {
        const path = tempFile()
        const disk = new Disk()
        const told = new Told()
        disk.fault = (statement) => (statement > last ? new Error('the process has died') : undefined)
        let frontier: Frontier | undefined
        try {
          frontier = openOn(disk, path)
        } catch {
          // it died while it opened its file for the first time
        }
        if (frontier) await crawl(frontier, steps, told)
        const left = tempFile()
        copyState(path, left)
        if (frontier) disk.database!.close()
        await look(left, told)
      }
    }),
    { numRuns: 12 },
  )
}, 60_000)

/** Goes on until something is refused: the process has died. */
async function crawl(frontier: Frontier, steps: readonly Step[], told: Told): Promise<void> {
  const clock = { now: 0 }
  try {
    for (const step of steps) await act(frontier, step, told, clock)
  } catch (error) {
    expect(error).toMatchObject({ code: 'INTERNAL' })
  }
}

async function act(frontier: Frontier, step: Step, told: Told, clock: { now: number }): Promise<void> {
  switch (step.do) {
    case 'discover': {
      for (const id of step.ids) told.asked.add(`r${id}`)
      const batch = step.ids.map((id) => ({ request: request(`r${id}`, { host: `host${id % 3}` }) }))
      await frontier.discover(batch)
      for (const id of step.ids) told.known.add(`r${id}`)
      return
    }
    case 'settle': {
      const leases = await frontier.take({ max: step.kinds.length, now: clock.now })
      const settlements = leases.map((lease, at) => settlement(lease, step.kinds[at]!))
      for (const { lease, kind } of settlements) if (kind !== 'retry') told.asked.add(lease.request.id)
      await frontier.settle(settlements)
      for (const [at, { lease, kind }] of settlements.entries()) {
        const { id } = lease.request
        if (kind === 'done' && step.kinds[at] === 'done') told.done.add(id)
        if (kind === 'dead') told.dead.add(id)
        if (kind === 'done') told.outputs.set(id, (told.outputs.get(id) ?? 0) + 1)
      }
      return
    }
    case 'revive':
      await frontier.revive()
      told.dead.clear()
      return
    case 'revisit':
      await frontier.revisit(clock.now)
      return
    case 'setHost':
      await frontier.setHost('host1', { budget: 50 })
  }
}

function settlement(lease: Lease, kind: string): Settlement {
  const outputs: SinkRecord[] = [0, 1].map((index) => ({
    kind: 'item',
    request: lease.request.id,
    index,
    source: 'test',
    value: { from: lease.request.id },
  }))
  switch (kind) {
    case 'next':
      return { lease, kind: 'done', outputs, next: 0 }
    case 'retry':
      return { lease, kind, notBefore: 0, targetFault: false }
    case 'release':
      return { lease, kind }
    case 'dead':
      return { lease, kind, reason: { code: 'blocked', detail: 'The host said no.' } }
    default:
      return { lease, kind: 'done', outputs }
  }
}

/** Opens what is left, and looks at every request that was ever there. */
async function look(path: string, told: Told): Promise<void> {
  const clock = new ManualClock()
  const frontier = openOn(new Disk(), path, clock)
  const { done, dead, resting, ready, waiting } = await frontier.stats()
  await frontier.outputs!.attach(['a sink'])
  const logged = await frontier.outputs!.read(0, 10_000)
  await frontier.revisit(0)
  const buried: string[] = []
  for await (const letter of frontier.deadLetters()) buried.push(letter.request.id)
  const leases = await frontier.take({ max: 1_000, now: 0 })
  const reachable = leases.map((lease) => lease.request.id)

  expect(new Set(reachable).size).toBe(reachable.length)
  expect({ ready, waiting, dead }).toEqual({
    ready: reachable.length - resting,
    waiting: 0,
    dead: buried.length,
  })
  for (const id of told.known) {
    const isThere = reachable.includes(id) || buried.includes(id)
    // A request that neither waits nor is dead is done, and was asked to be.
    if (!isThere) expect([...told.done, ...told.asked]).toContain(id)
  }
  for (const id of told.done) expect(reachable).not.toContain(id)
  for (const id of told.dead) expect([...buried, ...reachable]).toContain(id)
  const counted = new Map<string, number>()
  for (const { record } of logged) {
    if (record.index === 1) counted.set(record.request, (counted.get(record.request) ?? 0) + 1)
  }
  expect(logged).toHaveLength(2 * [...counted.values()].reduce((sum, n) => sum + n, 0))
  for (const [id, times] of told.outputs) {
    expect(counted.get(id) ?? 0).toBeGreaterThanOrEqual(times)
    expect(counted.get(id)).toBeLessThanOrEqual(times + 1)
  }
  const settled = [...counted].filter(([id]) => !reachable.includes(id) && !buried.includes(id))
  expect(settled.length).toBe(done - resting)
  // No request that is done is taken for new, and none that was never added is taken for known.
  const again = await frontier.discover([...told.known].map((id) => ({ request: requestOf(id) })))
  expect(again.filter((answer) => answer !== 'known')).toEqual([])
  await frontier.close()
}

function requestOf(id: string) {
  return request(id, { host: `host${Number(id.slice(1)) % 3}` })
}
