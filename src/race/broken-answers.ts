import { type Exchange, type FaultCause, isUnreadable } from '../contracts/outcome.ts'

/** An exit that may have spoilt an answer, and what it costs it when that is so. */
export interface Suspect {
  readonly proxy: number
  readonly pair: number
  readonly weight: number
  readonly reason: string
}

/** Answers that are broken in the same way, after which it is the page. */
export const enoughBroken = 3

/**
 * Answers of one task that came and cannot be read, or break off. Is it the page, or an exit that spoils what it carries? Three that
 * are broken in the same way are the page's own: nobody is blamed for them. Until then nothing is said of the exits.
 * When another one brings the page whole, those that did not are to blame. Where exits are known to spoil answers, more must agree.
 * Over plain HTTP an exit can make up a page that nobody can read: its word is not held against three.
 */
export class BrokenAnswers {
  readonly suspects: Suspect[] = []
  readonly #times = new Map<string, number>()

  /** One more has come. Returns how many were like it, with this one. */
  hear(sign: string): number {
    const times = (this.#times.get(sign) ?? 0) + 1
    this.#times.set(sign, times)
    return times
  }

  /** Whether so many agree that it is the page. `chance`: how often an exit spoils an answer, in [0, 1). */
  arePages(sign: string, chance: number): boolean {
    const byChance = chance === 0 ? enoughBroken : Math.ceil(Math.log(1e-4) / Math.log(Math.min(0.9, chance)))
    return (this.#times.get(sign) ?? 0) >= Math.max(enoughBroken, byChance)
  }
}

/**
 * How an answer is broken, for comparison with others; undefined for one that is not, and for what may be chance. What breaks off at the
 * same byte each time was never longer.
 */
export function signOf(exchange: Exchange): string | undefined {
  if (exchange.kind === 'response') return undefined
  const { cause, bytes } = exchange
  if (isUnreadable(cause)) return 'unreadable'
  return breaksOff.has(cause) && bytes > 0 ? `${cause} at ${bytes}` : undefined
}

const breaksOff: ReadonlySet<FaultCause> = new Set<FaultCause>([
  'body-short',
  'body-timeout',
  'decode-failed',
])
