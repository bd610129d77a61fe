/**
 * Bytes that may be in memory at once, shared by many who hold some of them. What asks for room is told whether there is
 * any; what it has already is counted in any case. The count is all there is to it: nothing waits here.
 */
export class ByteBudget {
  readonly most: number
  #held = 0

  /** `most` bytes in all. */
  constructor(most: number) {
    this.most = most
  }

  get held(): number {
    return this.#held
  }

  /** Bytes that may still come; 0 when there is no room. */
  get room(): number {
    return Math.max(0, this.most - this.#held)
  }

  get isFull(): boolean {
    return this.#held >= this.most
  }

  /** They are in memory now. */
  take(bytes: number): void {
    this.#held += bytes
  }

  /** They are not any more. */
  give(bytes: number): void {
    this.#held -= bytes
  }
}

/** Bytes of one that stay in memory though the budget for all is used up. */
const small = 64 * 1024

/** Bytes of one that may be in memory now: `memory` at most; `own` are there already, and counted. */
export function memoryNow(
  { memory, budget }: { readonly memory: number; readonly budget: ByteBudget },
  own = 0,
): number {
  return Math.min(memory, Math.max(small, own + budget.room))
}
