/**
 * Proxies that share an account stand and fall together: a refused credential, hammered by a hundred proxies, locks the
 * account. A group that has never been accepted sends three attempts at most until one of them is; when two members in a
 * row are refused the whole group opens, and one member probes it when the time has come.
 */
const unprovenLimit = 3
const refusalsToOpen = 2

/** Times in clock ms. */
export interface SavedAccount {
  readonly isProven: boolean
  readonly openings: number
  readonly openUntil: number
}

export class CredentialGroups {
  /** Clock ms until which the group is open; by group number. Group 0 is "no credentials" and never opens. */
  readonly openUntil: number[] = [0]
  readonly #inFlight: number[] = [0]
  readonly #proven: boolean[] = [true]
  readonly #refusals: Set<number>[] = [new Set()]
  readonly #openings: number[] = [0]
  readonly #numbers = new Map<string, number>([['', 0]])

  join(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.openUntil.push(0) - 1
    this.#numbers.set(name, number)
    this.#inFlight.push(0)
    this.#proven.push(false)
    this.#refusals.push(new Set())
    this.#openings.push(0)
    return number
  }

  /** Whether one more attempt may use the credential now, at a host whose answers say `doubts` times that it is refused. */
  admits(group: number, now: number, doubts = 0): boolean {
    if (group === 0) return true
    if (this.openUntil[group]! > now) return false
    if (this.#proven[group]) return true
    if (this.#openings[group]! > 0) return this.#inFlight[group]! < 1
    return this.#inFlight[group]! + this.#refusals[group]!.size + doubts < unprovenLimit
  }

  /** Whether it has been accepted since it was refused. */
  isProven(group: number): boolean {
    return this.#proven[group]!
  }

  /** A proxy has changed its account, with so many attempts under way. */
  move(from: number, to: number, inFlight: number): void {
    this.#inFlight[from]! -= inFlight
    this.#inFlight[to]! += inFlight
  }

  acquire(group: number): void {
    this.#inFlight[group]!++
  }

  /** True when a task that was refused before may now be let in. */
  release(group: number): boolean {
    this.#inFlight[group]!--
    return group !== 0 && !this.#proven[group]
  }

  accepted(group: number): void {
    if (group === 0 || (this.#proven[group] && this.#refusals[group]!.size === 0)) return
    this.#proven[group] = true
    this.#refusals[group]!.clear()
    this.#openings[group] = 0
    this.openUntil[group] = 0
  }

  /** Undefined for a group of which nothing is known. */
  recordOf(group: number): SavedAccount | undefined {
    const openings = this.#openings[group]!
    const isProven = this.#proven[group]!
    if (group === 0 || (!isProven && openings === 0)) return undefined
    return { isProven, openings, openUntil: this.openUntil[group]! }
  }

  /** What another run knew of a member's account; each member may say so. */
  restore(group: number, { isProven, openings, openUntil }: SavedAccount): void {
    if (group === 0) return
    this.#openings[group] = Math.max(this.#openings[group]!, openings)
    this.openUntil[group] = Math.max(this.openUntil[group]!, openUntil)
    this.#proven[group] = this.#openings[group] === 0 && (this.#proven[group]! || isProven)
  }

  /**
   * A member was refused. Returns the cooldown in ms when that opens the group now, else 0; `cooldown(n)` gives the n-th.
   */
  refused(group: number, proxy: number, now: number, cooldown: (openings: number) => number): number {
    if (group === 0) return 0
    const refusals = this.#refusals[group]!
    refusals.add(proxy)
    this.#proven[group] = false
    if (this.openUntil[group]! > now) return 0
    if (refusals.size < refusalsToOpen && this.#openings[group] === 0) return 0
    const length = cooldown(this.#openings[group]!)
    this.#openings[group]!++
    this.openUntil[group] = now + length
    return length
  }
}
