/**
 * The twenty faults that a crawl must survive, numbered, so that tests and people can cite one. Whatever happens, a request
 * that was accepted ends once, with an answer or with a reason, or it still waits; nothing is emitted twice; nothing goes
 * out without a proxy; and no socket, lease or permit is left behind. docs/verdicts.md is printed from this list.
 */
export interface NumberedFault {
  readonly number: number
  readonly what: string
  /** What a user sees. */
  readonly then: string
  /** The tests that show it. */
  readonly shownBy: readonly string[]
}

export const numberedFaults: readonly NumberedFault[] = [
  {
    number: 1,
    what: 'the process is stopped or killed in the middle of a race',
    then: 'the next run goes on, and each result comes once',
    shownBy: ['test/faults/01-once.test.ts', 'test/durable/kill.test.ts'],
  },
  {
    number: 2,
    what: 'the process is killed between writing a result and noting it',
    then: 'the result is recognized and not written again',
    shownBy: ['test/sink/kill.test.ts', 'test/durable/kill.test.ts'],
  },
  {
    number: 3,
    what: 'the target is down for ten minutes, for all proxies',
    then: 'one canary at a time asks, no proxy is blamed, and it goes on at full speed soon after',
    shownBy: ['test/faults/03-target-down.test.ts'],
  },
  {
    number: 4,
    what: 'the target answers 429 with a Retry-After, on one exit or on all',
    then: 'that exit rests, or the host does; other hosts go on',
    shownBy: ['test/faults/04-retry-after.test.ts'],
  },
  {
    number: 5,
    what: 'a Retry-After that makes no sense',
    then: 'it is clamped to what does',
    shownBy: ['test/faults/05-odd-retry-after.test.ts'],
  },
  {
    number: 6,
    what: 'most proxies die at once and come back',
    then: 'the others carry on, and few probes find out who is back',
    shownBy: ['test/faults/06-most-proxies-die.test.ts'],
  },
  {
    number: 7,
    what: 'all proxies are dead and their list cannot be read',
    then: 'tasks wait with a reason, and nothing goes out without a proxy',
    shownBy: ['test/faults/07-no-proxies.test.ts'],
  },
  {
    number: 8,
    what: 'status 200 with a page that refuses',
    then: 'no refusal is taken for a page',
    shownBy: ['test/faults/08-soft-block.test.ts'],
  },
  {
    number: 9,
    what: 'proxies that go silent at any point',
    then: 'each attempt ends by the timeout of its phase, with the right verdict and a closed socket',
    shownBy: ['test/faults/09-black-holes.test.ts'],
  },
  {
    number: 10,
    what: 'a proxy that swaps, forges or decorates answers',
    then: 'nothing of it is taken, and the proxy is left alone',
    shownBy: ['test/faults/10-malicious-proxy.test.ts'],
  },
  {
    number: 11,
    what: 'winner and loser, or winner and deadline, in the same moment',
    then: 'one outcome, and the loser is blamed for nothing',
    shownBy: ['test/faults/11-photo-finish.test.ts'],
  },
  {
    number: 12,
    what: 'late results arrive when the breaker has moved on',
    then: 'they move no breaker, and one probe is under way',
    shownBy: ['test/faults/12-late-results.test.ts'],
  },
  {
    number: 13,
    what: 'the task of a probe is cancelled',
    then: 'its permit comes back',
    shownBy: ['test/faults/13-cancelled-probe.test.ts'],
  },
  {
    number: 14,
    what: 'the proxy of a session dies between two steps',
    then: 'the session starts again on another proxy, and two addresses are never mixed',
    shownBy: ['test/faults/14-session.test.ts'],
  },
  {
    number: 15,
    what: 'a provider refuses its credential everywhere',
    then: 'its proxies rest after a few attempts, with one alert; the others go on',
    shownBy: ['test/faults/15-revoked-credential.test.ts'],
  },
  {
    number: 16,
    what: 'a list that is empty, halved, doubled or poisoned',
    then: 'it is believed only when it is plausible, and never with addresses inside',
    shownBy: ['test/faults/16-refresh.test.ts'],
  },
  {
    number: 17,
    what: 'a state that is corrupt, cut or too new; a clock that jumps',
    then: 'the state is kept as it is and named; time that goes backwards counts as none',
    shownBy: ['test/reputation/snapshot-file.test.ts', 'test/reputation/snapshot.test.ts'],
  },
  {
    number: 18,
    what: 'ten thousand proxies, many hosts, and a list that changes all the time',
    then: 'a pick stays quick and every host gets its turn',
    shownBy: ['test/router/selection.test.ts', 'test/sim/storm.test.ts'],
  },
  {
    number: 19,
    what: 'tasks that no proxy can do: endless redirects, huge bodies, hosts that do not exist',
    then: 'each ends in a bounded number of attempts, and healthy hosts keep flowing',
    shownBy: ['test/faults/19-poison.test.ts'],
  },
  {
    number: 20,
    what: 'the disk or an output is full, or slow',
    then: 'fetching slows down, and nothing is settled before it is safe',
    shownBy: ['test/durable/full-disk.test.ts', 'test/sink/outbox.test.ts'],
  },
]
