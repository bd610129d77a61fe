import { onTestFinished, vi } from 'vitest'
import type { Trust } from '../../src/contracts/trust.ts'
import { Corrections } from '../../src/crawl/corrections.ts'

/**
 * Exits that are judged by the test, and not by comparison: every answer is taken at its exit's word, and the test says when
 * an exit is found lying.
 */
export interface HandDrivenTrust {
  /** How far answers are believed. Default `proven`. */
  level: Trust
  proven(proxy: string): void
  convicted(proxy: string): void
}

export function driveTrust(): HandDrivenTrust {
  const crawls = new Set<Corrections>()
  const answered = Corrections.prototype.answered
  const end = Corrections.prototype.end
  const trust: HandDrivenTrust = {
    level: 'proven',
    proven: (proxy) => {
      for (const crawl of crawls) crawl.proven(proxy)
    },
    convicted: (proxy) => {
      for (const crawl of crawls) crawl.convicted(proxy)
    },
  }
  const spies = [
    vi.spyOn(Corrections.prototype, 'answered').mockImplementation(function (
      this: Corrections,
      lease,
      result,
    ) {
      crawls.add(this)
      answered.call(this, lease, { ...result, trust: trust.level })
    }),
    vi.spyOn(Corrections.prototype, 'end').mockImplementation(function (this: Corrections) {
      crawls.delete(this)
      return end.call(this)
    }),
  ]
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return trust
}
