import type { Trust } from '../../src/contracts/trust.ts'
import { Corrections } from '../../src/crawl/corrections.ts'

/**
 * Exits that are judged by the test, and not by comparison: every answer is taken at its exit's word, and the test says when
 * an exit is found lying.
 */
export interface HandDrivenTrust {
  /** How far answers are believed. Default `proven`. */
  level: Trust
  /** What a crawl was told to ask once more is on its way into its frontier. */
  readonly isRecalling: boolean
  /** Pages that were settled as this exit had brought them, whatever became of them since. */
  broughtBy(proxy: string): number
  proven(proxy: string): void
  /** `isWhole`: what it has brought before its last proof is doubted, too. */
  convicted(proxy: string, isWhole?: boolean): void
  /** Exits lie now and then. */
  alarmed(): void
  /** Exits contradict each other at this host. */
  contested(host: string): void
  /** Exits are judged as ever. */
  restore(): void
}

export function driveTrust(): HandDrivenTrust {
  const crawls = new Set<Corrections>()
  const exits = new Map<string, string | undefined>()
  const brought = new Map<string, string | undefined>()
  const { answered, settled, end } = Corrections.prototype
  const trust: HandDrivenTrust = {
    level: 'proven',
    get isRecalling() {
      return [...crawls].some((crawl) => crawl.isRecalling)
    },
    broughtBy: (proxy) => [...brought.values()].filter((exit) => exit === proxy).length,
    proven: (proxy) => {
      for (const crawl of crawls) crawl.proven(proxy)
    },
    convicted: (proxy, isWhole) => {
      for (const crawl of crawls) crawl.convicted(proxy, isWhole)
    },
    alarmed: () => {
      for (const crawl of crawls) crawl.alarmed()
    },
    contested: (host) => {
      for (const crawl of crawls) crawl.contestedAt(host)
    },
    restore: () => void Object.assign(Corrections.prototype, { answered, settled, end }),
  }
  Corrections.prototype.answered = function (lease, result) {
    crawls.add(this)
    exits.set(lease.request.id, result.proxy)
    return answered.call(this, lease, { ...result, trust: trust.level })
  }
  Corrections.prototype.settled = function (ended) {
    const { id } = ended.lease.request
    if (!brought.has(id)) brought.set(id, exits.get(id))
    settled.call(this, ended)
  }
  Corrections.prototype.end = function (isComplete) {
    crawls.delete(this)
    return end.call(this, isComplete)
  }
  return trust
}
