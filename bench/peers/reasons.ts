import type { Measure } from './compare.ts'

/**
 * Why a peer beats Regatta somewhere. `looked` tells what was done to find out: a reason without it is an inference that
 * nobody has tested, and is printed as one. The first that fits is printed.
 */
const neverHedges =
  'it never hedges: it waits for a silent proxy until the timeout, as its p99 or its speed shows; the extra attempts are the hedges that spare that wait'
const shorterQueue =
  'without faults latency is the queue inside the process; this one is slower, so fewer requests are on the wire and each is answered sooner'
const lessToDo =
  'without faults latency is the queue inside the process, and the first burst before code is compiled; this one does less for each page'
const alwaysThree =
  "Regatta's p99 is made by pages whose first attempt tries an unknown proxy that is slow or silent and whose second attempt starts 0.1 to 0.5 s later; the peer sends each page through three proxies at once, at three times the requests and bytes"
const tokensSpent =
  'pages whose attempts all hung wait for a timeout of 10 s in both; Regatta seems to have more of them because its hedges stop when half of hedge.tokens is spent'

const reasons: readonly {
  readonly scenario?: string
  readonly peer?: string
  readonly measure: Measure
  readonly why: string
  /** The evidence, with its size. */
  readonly looked?: string
}[] = [
  { scenario: 'clean-20', peer: 'raw undici', measure: 'p99', why: lessToDo },
  { scenario: 'clean-20', peer: 'stygian-proxy', measure: 'p99', why: lessToDo },
  { scenario: 'clean-20', peer: 'Crawlee', measure: 'p99', why: shorterQueue },
  { scenario: 'clean-20', peer: 'Crawlee, defaults', measure: 'p99', why: shorterQueue },
  { scenario: 'clean-20', peer: 'Scrapy', measure: 'p99', why: shorterQueue },
  {
    scenario: 'mixed-100',
    peer: 'scatter-proxy',
    measure: 'p99',
    why: alwaysThree,
    looked: 'timelines of the slowest 2 % of one run each',
  },
  {
    scenario: 'half-dead',
    peer: 'scatter-proxy',
    measure: 'p99',
    why: alwaysThree,
    looked: 'timelines of the slowest 2 % of one run each',
  },
  {
    scenario: 'free-list',
    peer: 'scatter-proxy',
    measure: 'p99',
    why: tokensSpent,
    looked:
      'timelines of one run; one run each of 500 pages took 16 s with 50 tokens, 11 s with 200 and with 500',
  },
  {
    scenario: 'free-list',
    peer: 'scatter-proxy',
    measure: 'good',
    why: tokensSpent,
    looked:
      'timelines of one run; one run each of 500 pages took 16 s with 50 tokens, 11 s with 200 and with 500',
  },
  {
    scenario: 'limited-30',
    measure: 'p99',
    why: 'its 500 ms for each exit are half of what the host wants, so once bursts are used up the exits are refused and rest in step; a page refused then waits for the next round',
  },
  {
    scenario: 'limited-30',
    peer: 'Scrapy',
    measure: 'attempts',
    why: "its default of 1 s for each exit happens to be the limit; Regatta's is 500 ms, and it learns by being refused",
  },
  {
    scenario: 'clean-20',
    measure: 'attempts',
    why: 'on a busy machine an answer may take longer than hedge.minDelay, 100 ms, and get a second attempt',
    looked: 'five runs beside busy loops: none in three, 10 and 18 hedges in 10,000 pages in two',
  },
  {
    scenario: 'mixed-100',
    measure: 'attempts',
    why: neverHedges,
    looked: "its source, and the count of hedges in Regatta's stats",
  },
  {
    scenario: 'half-dead',
    measure: 'attempts',
    why: neverHedges,
    looked: "its source, and the count of hedges in Regatta's stats",
  },
  {
    scenario: 'free-list',
    measure: 'attempts',
    why: neverHedges,
    looked: "its source, and the count of hedges in Regatta's stats",
  },
]

export function reasonFor(scenario: string, peer: string, measure: Measure): string | undefined {
  const found = reasons.find(
    (reason) =>
      reason.measure === measure &&
      (reason.scenario ?? scenario) === scenario &&
      (reason.peer ?? peer) === peer,
  )
  return found && `${found.why} (${found.looked ?? 'inferred, not tested'})`
}
