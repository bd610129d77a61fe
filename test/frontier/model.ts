import fc from 'fast-check'
import { expect } from 'vitest'
import type {
  Frontier,
  HostPolicy,
  Lease,
  Recall,
  Settlement,
  VisitMemo,
} from '../../src/contracts/frontier.ts'
import type { CrawlRequest } from '../../src/contracts/request.ts'
import type { ManualClock } from '../manual-clock.ts'

/**
 * A frontier without any cleverness: one list, scanned for every question. Where hosts take turns the order is the
 * frontier's own, so the model checks what any order must obey and follows the choice that was made.
 */
export function request(id: string, given: Partial<CrawlRequest> = {}): CrawlRequest {
  return {
    id,
    url: `https://host.example/${id}`,
    method: 'GET',
    headers: {},
    idempotent: true,
    source: 'test',
    host: 'host',
    depth: 0,
    priority: 4,
    ...given,
  }
}

type Step =
  | { do: 'discover'; batch: { id: number; priority: number; delay: number | null }[] }
  | { do: 'take'; max: number; perHost: number | null; onlyRecalled: boolean }
  | {
      do: 'settle'
      which: number
      kind: Settlement['kind']
      delay: number
      targetFault: boolean
      isVisitedAgain: boolean
    }
  | { do: 'setHost'; host: number; policy: HostPolicy }
  | { do: 'wait'; ms: number }
  | { do: 'revisit' }
  | { do: 'revive'; ids: number[] | null }
  | { do: 'recall'; which: number[] }
  | { do: 'reopen' }

const time = fc.integer({ min: 0, max: 30 })

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('discover' as const),
    batch: fc.array(
      fc.record({ id: fc.nat(40), priority: fc.integer({ min: 0, max: 7 }), delay: fc.option(time) }),
      { maxLength: 6 },
    ),
  }),
  fc.record({
    do: fc.constant('take' as const),
    max: fc.integer({ min: 1, max: 8 }),
    perHost: fc.constantFrom(null, null, 1, 2),
    onlyRecalled: fc.constantFrom(false, false, true),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    which: fc.nat(),
    kind: fc.constantFrom('done', 'retry', 'release', 'dead'),
    delay: time,
    targetFault: fc.boolean(),
    isVisitedAgain: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('setHost' as const),
    host: fc.nat(3),
    policy: fc.record(
      {
        minGapMs: time,
        maxInFlight: fc.integer({ min: 0, max: 3 }),
        blockedUntil: fc.nat(200),
        budget: fc.nat(9),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: time }),
  fc.record({ do: fc.constant('revisit' as const) }),
  fc.record({ do: fc.constant('revive' as const), ids: fc.option(fc.array(fc.nat(40), { maxLength: 3 })) }),
  fc.record({ do: fc.constant('recall' as const), which: fc.array(fc.nat(40), { maxLength: 3 }) }),
  fc.record({ do: fc.constant('reopen' as const) }),
)

export const frontierSteps = fc.array(step, { maxLength: 60 })
/** So many that requests end, and come again. */
export const longLife = fc.array(step, { minLength: 40, maxLength: 90, size: 'max' })

interface Row {
  readonly request: CrawlRequest
  readonly sequence: number
  due: number
  attempts: number
  targetFaults: number
  state: 'queued' | 'leased' | 'done' | 'resting' | 'dead'
  memo?: VisitMemo | undefined
  /** It waits, or is leased, apart from the others. */
  isRecalled: boolean
  /** Of its last settlement. */
  last?: Pick<Recall, 'lease' | 'ended' | 'hasLetter'>
}

class Model {
  now = 0
  onlyRecalled = false
  perHost = Number.POSITIVE_INFINITY
  rows: Row[] = []
  leases: { lease: Lease; row: Row }[] = []
  ended: Lease[] = []
  /** Before the last opening: no lease of then counts any more. */
  stale: Lease[] = []
  lastTake = new Map<string, number>()
  policies = new Map<string, HostPolicy>()

  opensAt(host: string): number {
    const policy = this.policies.get(host) ?? {}
    const inFlight = this.rows.filter(
      (row) => row.request.host === host && row.state === 'leased' && !row.isRecalled,
    ).length
    if (inFlight >= Math.min(policy.maxInFlight ?? Number.POSITIVE_INFINITY, this.perHost)) return Infinity
    return Math.max((this.lastTake.get(host) ?? -Infinity) + (policy.minGapMs ?? 0), policy.blockedUntil ?? 0)
  }

  /** What may be taken now, best first within each host. */
  takeable(): Row[] {
    return this.rows
      .filter(
        (row) =>
          row.state === 'queued' &&
          !row.isRecalled &&
          row.due <= this.now &&
          this.opensAt(row.request.host) <= this.now,
      )
      .sort(
        (one, other) =>
          one.request.priority - other.request.priority ||
          one.due - other.due ||
          one.sequence - other.sequence,
      )
  }

  /** Recalled, waiting, and past the pause of their host. */
  recalled(): Row[] {
    return this.rows.filter(
      (row) => row.isRecalled && row.state === 'queued' && this.recalledAt(row) <= this.now,
    )
  }

  recalledAt({ due, request }: Row): number {
    return Math.max(due, this.policies.get(request.host)?.blockedUntil ?? 0)
  }

  get recalledLeases(): number {
    return this.leases.filter(({ row }) => row.isRecalled).length
  }

  nextDue(): number | undefined {
    const isFull = this.recalledLeases >= this.perHost
    const times = this.rows
      .filter((row) => row.state === 'queued' && (row.isRecalled ? !isFull : !this.onlyRecalled))
      .map((row) =>
        Math.max(
          row.isRecalled ? this.recalledAt(row) : Math.max(row.due, this.opensAt(row.request.host)),
          this.now,
        ),
      )
    const earliest = Math.min(...times)
    return earliest === Infinity ? undefined : earliest
  }

  /** Back into the queue as if it were new. */
  renew(row: Row): void {
    row.state = 'queued'
    row.attempts = 0
    row.targetFaults = 0
  }

  /** Whatever was leased is due again, and every host waits one gap. */
  reopen(): void {
    for (const { row } of this.leases) row.state = 'queued'
    this.stale.push(...this.leases.map(({ lease }) => lease), ...this.ended)
    this.leases = []
    this.ended = []
    this.perHost = Number.POSITIVE_INFINITY
    this.onlyRecalled = false
    for (const { request } of this.rows) this.lastTake.set(request.host, this.now)
    for (const host of this.policies.keys()) this.lastTake.set(host, this.now)
  }

  count(state: Row['state']): number {
    return this.rows.filter((row) => row.state === state).length
  }
}

/** `reopen` closes or abandons the frontier and opens it again; without it that step does nothing. */
export async function followModel(
  created: Frontier,
  clock: ManualClock,
  steps: readonly Step[],
  reopen?: (frontier: Frontier) => Promise<Frontier>,
): Promise<Frontier> {
  let frontier = created
  const model = new Model()
  for (const step of steps) {
    switch (step.do) {
      case 'discover':
        await discover(frontier, model, step.batch)
        break
      case 'take':
        await take(frontier, model, step)
        break
      case 'settle':
        await settle(frontier, model, step)
        break
      case 'setHost': {
        const host = `host${step.host}`
        model.policies.set(host, { ...model.policies.get(host), ...step.policy })
        await frontier.setHost(host, step.policy)
        break
      }
      case 'wait':
        clock.pass(step.ms)
        model.now = clock.now()
        break
      case 'revisit': {
        for (const row of model.rows) if (row.state === 'resting' && row.due <= model.now) model.renew(row)
        const resting = model.rows.filter((row) => row.state === 'resting').map((row) => row.due)
        expect(await frontier.revisit(model.now)).toBe(resting.length > 0 ? Math.min(...resting) : undefined)
        break
      }
      case 'revive':
        await revive(frontier, model, step.ids)
        break
      case 'recall':
        await recall(frontier, model, step.which)
        break
      case 'reopen':
        if (!reopen) break
        frontier = await reopen(frontier)
        model.reopen()
        await frontier.take({ max: 0, now: model.now })
    }
    expect(await frontier.nextDue(model.now)).toBe(model.nextDue())
    const ready = model.takeable().length + model.recalled().length
    expect(await frontier.stats()).toMatchObject({
      ready,
      waiting: model.count('queued') - ready,
      leased: model.count('leased'),
      recalled: model.rows.filter((row) => row.isRecalled).length,
      done: model.count('done') + model.count('resting'),
      resting: model.count('resting'),
      dead: model.count('dead'),
    })
  }
  return frontier
}

async function discover(frontier: Frontier, model: Model, batch: (Step & { do: 'discover' })['batch']) {
  const expected: string[] = []
  const discovered = batch.map(({ id, priority, delay }) => {
    const asked = request(`r${id}`, { host: `host${id % 4}`, priority })
    const ofHost = model.rows.filter((row) => row.request.host === asked.host).length
    if (model.rows.some((row) => row.request.id === asked.id)) expected.push('known')
    else if (ofHost >= (model.policies.get(asked.host)?.budget ?? Number.POSITIVE_INFINITY))
      expected.push('rejected')
    else {
      expected.push('added')
      const due = model.now + (delay ?? 0)
      const sequence = model.rows.length
      const counts = { attempts: 0, targetFaults: 0, isRecalled: false }
      model.rows.push({ request: asked, sequence, due, ...counts, state: 'queued' })
    }
    return delay === null ? { request: asked } : { request: asked, notBefore: model.now + delay }
  })
  expect(await frontier.discover(discovered)).toEqual(expected)
}

async function take(frontier: Frontier, model: Model, { max, onlyRecalled, ...step }: Step & { do: 'take' }) {
  const perHost = step.perHost ?? Number.POSITIVE_INFINITY
  model.perHost = perHost
  model.onlyRecalled = onlyRecalled
  const leases = await frontier.take({
    max,
    now: model.now,
    ...(perHost === Number.POSITIVE_INFINITY ? {} : { perHost }),
    ...(onlyRecalled && { onlyRecalled }),
  })
  const recalled = Math.max(0, Math.min(model.recalled().length, max, perHost - model.recalledLeases))
  expect(leases.length).toBeLessThanOrEqual(max)
  const taken = new Map<string, number>()
  for (const [at, lease] of leases.entries()) {
    const { host, id } = lease.request
    const isRecalled = at < recalled
    const best = isRecalled
      ? model.recalled().find((row) => row.request.id === id)
      : model.takeable().find((row) => row.request.host === host)
    expect(best?.request.id).toBe(id)
    expect(lease.correction).toEqual(isRecalled ? correction : undefined)
    if (isRecalled) expect(lease.kept).toEqual(kept)
    expect(lease).toMatchObject({ attempts: best!.attempts, targetFaults: best!.targetFaults })
    expect(lease.memo).toEqual(best!.memo)
    expect([
      ...model.leases.map(({ lease }) => lease.id),
      ...model.ended.map((ended) => ended.id),
    ]).not.toContain(lease.id)
    best!.state = 'leased'
    model.leases.push({ lease, row: best! })
    if (isRecalled) continue
    model.lastTake.set(host, model.now)
    taken.set(host, (taken.get(host) ?? 0) + 1)
  }
  if (onlyRecalled) return
  const left = model.takeable()
  if (leases.length < max) expect(left).toEqual([])
  // A host that still has something to give was served at most one turn less than any other.
  const most = Math.max(0, ...taken.values())
  for (const row of left) expect(taken.get(row.request.host) ?? 0).toBeGreaterThanOrEqual(most - 1)
}

async function settle(frontier: Frontier, model: Model, step: Step & { do: 'settle' }) {
  const known = [...model.leases.map(({ lease }) => lease), ...model.ended, ...model.stale]
  const lease = known[step.which % known.length]
  if (!lease) return
  const reason = { code: 'blocked', detail: 'The host said no.' }
  const notBefore = model.now + step.delay
  const { targetFault, kind } = step
  const visit = { next: notBefore, memo: { fetchedAt: model.now, changedAt: 0 } }
  await frontier.settle([
    kind === 'retry'
      ? { lease, kind, notBefore, targetFault }
      : kind === 'dead'
        ? { lease, kind, reason }
        : kind === 'done' && step.isVisitedAgain
          ? { lease, kind, ...visit }
          : { lease, kind },
  ])
  const at = model.leases.findIndex((each) => each.lease === lease)
  if (at < 0) return // it had ended before: nothing may change
  const { row } = model.leases[at]!
  model.leases.splice(at, 1)
  model.ended.push(lease)
  row.state = kind === 'done' || kind === 'dead' ? kind : 'queued'
  if (kind === 'done' && step.isVisitedAgain) {
    row.state = 'resting'
    row.due = visit.next
    row.memo = visit.memo
  }
  if (kind === 'done' || kind === 'dead') {
    row.isRecalled = false
    const ended = kind === 'dead' ? 'dead' : step.isVisitedAgain ? 'resting' : 'done'
    row.last = { lease, ended, hasLetter: kind === 'dead' }
  }
  if (kind !== 'retry') return
  row.due = notBefore
  row.attempts++
  if (targetFault) row.targetFaults++
}

const kept = [[0, 'digest', 'item']] as const
const correction = { revision: 1, undo: { pages: 1 } }

/** Those that have ended at least once, wherever they are now. */
async function recall(frontier: Frontier, model: Model, which: readonly number[]) {
  const ended = model.rows.filter((row) => row.last !== undefined)
  const rows = which.flatMap((n) => ended[n % ended.length] ?? [])
  const expected = rows.map((row) => {
    const isThere = row.state !== 'queued' && row.state !== 'leased'
    // One that is nowhere but in the queue cannot be told from one that is done.
    if (!isThere) return false
    model.renew(row)
    row.due = model.now
    row.isRecalled = true
    row.memo = row.last!.lease.memo
    return true
  })
  const recalls = rows.map((row) => ({ ...row.last!, kept, correction }))
  expect(await frontier.recall!(recalls)).toEqual(expected)
}

async function revive(frontier: Frontier, model: Model, ids: readonly number[] | null) {
  const dead = model.rows.filter(
    (row) => row.state === 'dead' && (ids === null || ids.some((id) => row.request.id === `r${id}`)),
  )
  for (const row of dead) {
    model.renew(row)
    row.due = model.now
  }
  expect(await frontier.revive(ids?.map((id) => `r${id}`))).toBe(dead.length)
}
