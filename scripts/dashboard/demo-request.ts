import type { Clock } from '../../src/base/clock.ts'
import type { Explanation } from '../../src/contracts/explanation.ts'

/** What a page's title may say. */
export const hostile = '<img src=x onerror=alert(1)></script>\u2028'

/** A request with a wait, two failures and a hedge. */
export function explanationFor(which: string, clock: Clock): Explanation {
  const at = clock.now() - 9_000
  const blame = { proxy: 0.4, pair: 0.6, host: 0.1 }
  const chosen = {
    by: 'strategy',
    strategy: 'thompson',
    alpha: 12.4,
    beta: 3.1,
    drawn: 0.81,
    cost: 420,
    others: [{ proxy: 'socks5://9.9.9.9:1080', drawn: 0.7, cost: 600 }],
  } as const
  const attempt = { expected: 0.8, candidates: 5, chosen }
  return {
    task: which,
    crawl: 'quotes-1',
    request: 'r1',
    url: `https://quotes.example/page/1?title=${hostile}`,
    host: 'quotes.example',
    depth: 1,
    foundOn: 'https://quotes.example/',
    begunAt: clock.wall() - 9_000,
    acceptedAt: at,
    settledAt: at + 6_400,
    verdict: 'success',
    reason: 'ok',
    answeredBy: 3,
    end: 'answered',
    kept: 'slow',
    answer: `It took 6.4 s: it waited 2 s for its interval, was refused once, and a hedge won. ${hostile}`,
    earlier: [],
    timeline: [
      { at, step: 'waits', reason: 'robots', until: undefined },
      { at: at + 300, step: 'lined' },
      { at: at + 300, step: 'parked', reason: 'interval', until: at + 2_300 },
      {
        at: at + 2_300,
        step: 'attempt',
        attempt: 1,
        proxy: 'socks5://1.2.3.4:1080',
        why: 'first',
        ...attempt,
      },
      {
        at: at + 3_100,
        step: 'outcome',
        attempt: 1,
        proxy: 'socks5://1.2.3.4:1080',
        verdict: 'blocked',
        reason: 'captcha',
        rule: 'captcha',
        status: 403,
        elapsedMs: 800,
        phases: { dial: 120, handshake: 80, tls: 200, headers: 380, body: 20 },
        bytes: 4_000,
        reused: false,
        blame,
        isRefunded: false,
        won: false,
      },
      {
        at: at + 3_100,
        step: 'attempt',
        attempt: 2,
        proxy: 'socks5://5.6.7.8:1080',
        why: 'failover',
        ...attempt,
      },
      {
        at: at + 4_900,
        step: 'attempt',
        attempt: 3,
        proxy: 'socks5://4.4.4.4:1080',
        why: 'hedge',
        hedge: { delayMs: 1_800, from: 'p95' },
        ...attempt,
      },
      {
        at: at + 6_000,
        step: 'outcome',
        attempt: 3,
        proxy: 'socks5://4.4.4.4:1080',
        verdict: 'success',
        reason: 'ok',
        rule: 'status',
        status: 200,
        elapsedMs: 1_100,
        phases: { dial: 100, handshake: 60, tls: 140, headers: 700, body: 100 },
        bytes: 48_000,
        reused: false,
        blame: { proxy: 0, pair: 0, host: 0 },
        isRefunded: false,
        won: true,
      },
      {
        at: at + 6_200,
        step: 'read',
        status: 200,
        items: 8,
        edges: 0,
        links: 4,
        via: 'socks5://4.4.4.4:1080',
      },
      { at: at + 6_300, step: 'settled', as: 'done' },
      { at: at + 6_400, step: 'stored', sinks: ['items.jsonl'], records: 8 },
    ],
  }
}
