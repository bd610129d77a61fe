import { describe, expect, it } from 'vitest'
import type { VerdictKind } from '../../src/contracts/outcome.ts'
import { impatient, openLabScene } from './lab-scene.ts'

interface Hole {
  readonly fault: string
  readonly verdict: VerdictKind
  readonly reasons: readonly string[]
  /** Its own phase's timeout, with slack for a busy machine. */
  readonly withinMs: number
  readonly tls?: boolean
}

const slack = 400
const holes: Hole[] = [
  { fault: 'syn-drop', verdict: 'dead', reasons: ['dial-timeout'], withinMs: impatient.dial },
  { fault: 'blackhole', verdict: 'dead', reasons: ['handshake-timeout'], withinMs: impatient.handshake },
  {
    fault: 'greeting-then-silent',
    verdict: 'dead',
    reasons: ['handshake-timeout'],
    withinMs: impatient.handshake,
  },
  {
    fault: 'connect-then-silent',
    verdict: 'transient',
    reasons: ['headers-timeout'],
    withinMs: impatient.firstByte,
  },
  {
    fault: 'connect-then-silent',
    verdict: 'transient',
    reasons: ['tls-timeout'],
    withinMs: impatient.tls,
    tls: true,
  },
  {
    fault: 'trickle',
    verdict: 'transient',
    reasons: ['body-timeout', 'body-slow', 'total-timeout'],
    withinMs: impatient.total,
  },
  {
    fault: 'truncate',
    verdict: 'transient',
    reasons: ['body-short', 'body-reset'],
    withinMs: impatient.idle,
  },
  {
    fault: 'reset-mid-body',
    verdict: 'transient',
    reasons: ['body-reset', 'body-short'],
    withinMs: impatient.idle,
  },
  { fault: 'dead', verdict: 'dead', reasons: ['dial-refused'], withinMs: impatient.dial },
  { fault: 'truncated-reply', verdict: 'dead', reasons: ['handshake-closed'], withinMs: impatient.handshake },
  { fault: 'wrong-protocol', verdict: 'dead', reasons: ['handshake-garbage'], withinMs: impatient.handshake },
]

describe.each(holes)('fault 9: $fault (tls: $tls)', ({ fault, verdict, reasons, withinMs, tls }) => {
  it('ends by its own phase’s timeout, with the right verdict, and leaves no socket; the page comes another way', async () => {
    await using scene = await openLabScene(
      {
        origins: { site: { tls: tls ?? false } },
        proxies: [{ name: 'hole', fault: fault as never }, { name: 'sound' }],
      },
      { timeouts: impatient, hedge: { minDelay: 20, coldDelay: 50 }, breaker: { base: 60_000 } },
    )
    const { lab, crawler, log } = scene
    const hole = crawler.proxies()[0]!.id
    const path = fault === 'trickle' ? 'bytes/40' : 'bytes/4000'
    const pinned = await crawler
      .fetch(`${lab.origins.site!.url}/${path}`, { proxy: hole, deadline: withinMs + slack })
      .catch((error: unknown) => error)
    expect(pinned).toMatchObject({ name: 'RegattaError' })
    const [first] = log.outcomes
    expect(first).toMatchObject({ proxy: hole, verdict, won: false })
    expect(reasons).toContain(first!.reason)
    expect(first!.elapsedMs).toBeLessThan(withinMs + slack)

    // Left to itself the crawler brings every page home, whole.
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => crawler.fetch(`${lab.origins.site!.url}/bytes/${1_000 + n}`)),
    )
    for (const [index, answer] of answers.entries())
      expect((await answer.arrayBuffer()).byteLength).toBe(1_000 + index)
    await scene.end()
  })
})
