import type { SessionLife } from '../router/session-life.ts'

/** How a session of a crawl stands: the life that it is in, and what its lives have brought. */
export interface Standing {
  readonly name: string
  /** Of its life, counting from 1. */
  number: number
  life: SessionLife | undefined
  /** Resolves when its life has begun, or the session is over. */
  beginning: Promise<void> | undefined
  /** When its life began, clock ms. */
  begunAt: number
  /** Requests that have joined this life. */
  uses: number
  /** Requests that are in it now. */
  users: number
  /** Whose turn it was last: grows with each request that joins any session. */
  lastUse: number
  /** Pages that came in this life. */
  pages: number
  /** It began anew on its exit because the life before was refused there, and no page has come since. */
  isSecondTry: boolean
  /** Where its next life begins, and where it does not while there is another: numbers of proxies. */
  exit: number | undefined
  avoided: number | undefined
  /** Lives in a row that brought no page. */
  fruitless: number
  /** Times in a row that it helped a page nothing to begin anew. */
  useless: number
  /** Why it is over, for this run. */
  end: string | undefined
}

export function newStanding(name: string): Standing {
  return {
    name,
    number: 1,
    life: undefined,
    beginning: undefined,
    begunAt: 0,
    uses: 0,
    users: 0,
    lastUse: 0,
    pages: 0,
    isSecondTry: false,
    exit: undefined,
    avoided: undefined,
    fruitless: 0,
    useless: 0,
    end: undefined,
  }
}

/** The one with the fewest requests, and of those the one that has waited longest. Undefined when all are over. */
export function leastBusy(standings: readonly Standing[]): Standing | undefined {
  let best: Standing | undefined
  for (const standing of standings) {
    if (standing.end !== undefined) continue
    const isBetter =
      !best ||
      standing.users < best.users ||
      (standing.users === best.users && standing.lastUse < best.lastUse)
    if (isBetter) best = standing
  }
  return best
}
