import { describe, expect, it } from 'vitest'
import { Pace } from '../../src/router/pace.ts'
import { simulate } from '../../src/sim/simulate.ts'

describe('the pace of a host', () => {
  it('is learned: a limit per exit costs a few refusals, not every other request', async () => {
    const report = await simulate({
      origins: { site: { site: { pages: 400 }, limit: { perIp: { requests: 1, burst: 1 } } } },
      proxies: [{ count: 3, latency: 50 }],
      work: { requests: 300, inFlight: 30 },
    })
    expect(report.pages.succeeded).toBe(300)
    expect(report.attempts / 300).toBeLessThan(1.1)
    // Three exits at one a second: a hundred seconds would be perfect.
    expect(report.virtualMs).toBeLessThan(127_000)
    expect(report.violations).toEqual([])
  })

  it('is raised once by all who were sent before, and never falls below what politeness asks for', () => {
    const pace = new Pace(500)
    pace.refused(0, 1_000)
    pace.refused(500, 1_100)
    expect(pace.interval).toBe(625)
    pace.refused(1_200, 1_300)
    expect(pace.interval).toBe(781.25)
    for (let n = 0; n < 10_000; n++) pace.answered(3)
    expect(pace.interval).toBe(500)
  })

  it('learns nothing where the gate is off', () => {
    const pace = new Pace(0)
    pace.refused(0, 1)
    expect(pace.interval).toBe(0)
  })
})
