import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Frontier, SideStore } from '../contracts/frontier.ts'
import { describe, isObject } from './fence.ts'

/**
 * Nothing can stand in for what holds the requests, so a frontier that fails ends its crawl, with an error that names the
 * method. What it returns is looked at before somebody waits for a request that is none.
 */
export function fenceFrontier(own: Frontier): Frontier {
  const isDue = (value: unknown) => value === undefined || typeof value === 'number'
  return {
    discover: (batch) =>
      call('discover', () => own.discover(batch), `${batch.length} answers`, isListOf(batch.length)),
    take: (options) => call('take', () => own.take(options), 'a list of leases', isLeases),
    settle: (batch) =>
      call('settle', () => own.settle(batch), `${batch.length} answers`, isListOf(batch.length)),
    ...(own.claim && { claim: (claim) => call('claim', () => own.claim!(claim)) }),
    ...(own.isDiscovered && {
      isDiscovered: (page) => call('isDiscovered', () => own.isDiscovered!(page)),
    }),
    setHost: (host, policy) => call('setHost', () => own.setHost(host, policy)),
    nextDue: (now) => call('nextDue', () => own.nextDue(now), 'a time, or undefined', isDue),
    revisit: (now) => call('revisit', () => own.revisit(now), 'a time, or undefined', isDue),
    get outputs() {
      return own.outputs
    },
    side: fenceSide(own.side),
    stats: () =>
      call(
        'stats',
        () => own.stats(),
        'its numbers',
        (value) => isObject(value) && isObject(value.tally),
      ),
    ...(own.oldestDue && {
      oldestDue: () => call('oldestDue', () => own.oldestDue!(), 'a time, or undefined', isDue),
    }),
    deadLetters: () => own.deadLetters(),
    revive: (ids) => call('revive', () => own.revive(ids)),
    ...(own.recall && {
      recall: (batch) =>
        call('recall', () => own.recall!(batch), `${batch.length} answers`, isListOf(batch.length)),
    }),
    flush: () => call('flush', () => own.flush()),
    close: () => call('close', () => own.close()),
  }
}

function fenceSide(own: SideStore): SideStore {
  return {
    put: (key, value) => call('side.put', () => own.put(key, value)),
    get: (key) => call('side.get', () => own.get(key)),
    scan: (prefix) => own.scan(prefix),
  }
}

async function call<T>(
  method: string,
  ask: () => Promise<T>,
  wanted = '',
  fits: (value: unknown) => boolean = () => true,
): Promise<T> {
  let answer: T
  try {
    answer = await ask()
  } catch (error) {
    if (error instanceof RegattaError) throw error
    throw failure(method, `threw: ${messageOf(error)}`, error)
  }
  if (fits(answer)) return answer
  throw failure(method, `returned ${describe(answer)} instead of ${wanted}`)
}

function failure(method: string, fault: string, cause?: unknown): RegattaError {
  const sentence = `${method}() of the frontier ${fault}. The crawl cannot go on; mend it, or leave the option "frontier" out.`
  return new RegattaError('EXTENSION_FAILED', sentence, { value: { extension: 'frontier' }, cause })
}

const isListOf = (length: number) => (value: unknown) => Array.isArray(value) && value.length === length

function isLeases(value: unknown): boolean {
  return Array.isArray(value) && value.every((lease) => isObject(lease) && isObject(lease.request))
}
