import { expect } from 'vitest'
import type {
  Alert,
  AttemptStarted,
  HostState,
  OutcomeEvent,
  ProxyState,
  TaskParked,
  TaskSettled,
} from '../../src/contracts/events.ts'
import type { Crawler } from '../../src/face/crawler.ts'
import type { Lab } from '../../src/lab/contract.ts'

/**
 * What must hold after every fault: each accepted task ended exactly once, each attempt was reported exactly once, at most
 * one of them won, and every permit is back. What the crawler says of itself is only half of it; the other half stands in
 * the books of origins and proxies.
 */
export interface Logbook {
  readonly accepted: string[]
  readonly settled: TaskSettled[]
  readonly started: AttemptStarted[]
  readonly outcomes: OutcomeEvent[]
  readonly parked: TaskParked[]
  readonly proxyStates: ProxyState[]
  readonly hostStates: HostState[]
  readonly alerts: Alert[]
}

/** Writes down everything the crawler tells from now on. */
export function follow(crawler: Crawler): Logbook {
  const log: Logbook = {
    accepted: [],
    settled: [],
    started: [],
    outcomes: [],
    parked: [],
    proxyStates: [],
    hostStates: [],
    alerts: [],
  }
  crawler.on('task.accepted', ({ task }) => log.accepted.push(task))
  crawler.on('task.settled', (event) => log.settled.push(event))
  crawler.on('attempt.started', (event) => log.started.push(event))
  crawler.on('outcome', (event) => log.outcomes.push(event))
  crawler.on('task.parked', (event) => log.parked.push(event))
  crawler.on('proxy.state', (event) => log.proxyStates.push(event))
  crawler.on('host.state', (event) => log.hostStates.push(event))
  crawler.on('alert', (event) => log.alerts.push(event))
  return log
}

/** Nothing is under way: attempts that lost have reported too. */
export function isQuiet(crawler: Crawler): boolean {
  const { tasks, hosts } = crawler.stats()
  return tasks.racing === 0 && tasks.parked === 0 && Object.values(hosts).every((host) => host.inFlight === 0)
}

/** The invariant of all faults, as far as the crawler itself can show it. Call it when nothing is under way. */
export function expectInvariants(crawler: Crawler, log: Logbook): void {
  const attemptOf = ({ task, attempt }: { task: string; attempt: number }) => `${task}/${attempt}`
  expectDistinct(log.accepted, 'accepted')
  expectDistinct(
    log.settled.map(({ task }) => task),
    'settled',
  )
  expect(log.settled.map(({ task }) => task).sort(), 'every accepted task has ended').toEqual(
    [...log.accepted].sort(),
  )
  expectDistinct(log.started.map(attemptOf), 'started')
  expect(log.outcomes.map(attemptOf).sort(), 'every attempt was reported once').toEqual(
    log.started.map(attemptOf).sort(),
  )
  const winners = log.outcomes.filter(({ won }) => won)
  expectDistinct(
    winners.map(({ task }) => task),
    'won',
  )
  // An answer that was compared with others first belongs to an attempt that had not won when it came home.
  const brought = new Set(log.outcomes.map(attemptOf))
  const answers = new Map(
    log.settled
      .filter(({ ok }) => ok)
      .map(({ task, answeredBy }) => [task, attemptOf({ task, attempt: answeredBy ?? 0 })]),
  )
  expect(
    [...answers.values()].filter((attempt) => !brought.has(attempt)),
    'answers that no attempt brought',
  ).toEqual([])
  expect(
    winners.map(attemptOf).filter((attempt, index) => answers.get(winners[index]!.task) !== attempt),
    'won, and is not the answer',
  ).toEqual([])

  const { tasks, hosts } = crawler.stats()
  expect(tasks).toMatchObject({ racing: 0, parked: 0, accepted: tasks.succeeded + tasks.failed })
  for (const [host, { inFlight, waiting }] of Object.entries(hosts)) {
    expect({ host, inFlight, waiting }).toEqual({ host, inFlight: 0, waiting: 0 })
  }
  for (const { id, inFlight } of crawler.proxies()) expect({ id, inFlight }).toEqual({ id, inFlight: 0 })
}

/** The origins saw nobody but the proxies. */
export async function expectNoDirectEgress(lab: Lab): Promise<void> {
  const exits = new Set(lab.proxyNames().map((name) => lab.proxy(name).exitIp))
  const { origins } = await lab.books()
  for (const [name, { exits: seen }] of Object.entries(origins)) {
    expect(
      Object.keys(seen).filter((ip) => !exits.has(ip)),
      `strangers at ${name}`,
    ).toEqual([])
  }
}

/** Clock time when each state of a (proxy, host) view was entered last; fleet views have no host. */
export function lastStates(log: Logbook): Map<string, string> {
  return new Map(log.proxyStates.map(({ proxy, host, to }) => [`${proxy} ${host ?? 'fleet'}`, to]))
}

function expectDistinct(values: readonly string[], what: string): void {
  const seen = new Set<string>()
  const twice = values.filter((value) => seen.size === seen.add(value).size)
  expect(twice, `${what} twice`).toEqual([])
}
