/**
 * Ids of a few hundred thousand recent requests, as (host, fingerprint), at about 20 bytes each: in order of arrival,
 * with an open-addressed index (Knuth, TAOCP 6.4). Typed arrays, because objects of that number would stop the world.
 */
export class RecentIds {
  size = 0
  #hosts = new Uint32Array(1_024)
  #fingerprints = new Float64Array(1_024)
  /** Position + 1 of the id, 0 where free; at most half full. */
  #slots = new Int32Array(2_048)

  has(host: number, fingerprint: number): boolean {
    return this.#slots[this.#find(host, fingerprint)] !== 0
  }

  /** Adds an id that is not there yet. */
  add(host: number, fingerprint: number): void {
    if (this.size === this.#hosts.length) this.#grow()
    this.#hosts[this.size] = host
    this.#fingerprints[this.size] = fingerprint
    this.#slots[this.#find(host, fingerprint)] = ++this.size
  }

  /** Grouped by host, hosts in order (a counting sort): the ids of a group in no order yet. */
  grouped(): { readonly hosts: Uint32Array; readonly fingerprints: Float64Array } {
    const hosts = new Uint32Array(this.size)
    const fingerprints = new Float64Array(this.size)
    let last = 0
    for (let at = 0; at < this.size; at++) last = Math.max(last, this.#hosts[at]!)
    const places = new Uint32Array(last + 2)
    for (let at = 0; at < this.size; at++) places[this.#hosts[at]! + 1]!++
    for (let host = 1; host < places.length; host++) places[host]! += places[host - 1]!
    for (let at = 0; at < this.size; at++) {
      const host = this.#hosts[at]!
      const place = places[host]!++
      hosts[place] = host
      fingerprints[place] = this.#fingerprints[at]!
    }
    return { hosts, fingerprints }
  }

  /** The slot that holds the id, or the free one where it belongs. */
  #find(host: number, fingerprint: number): number {
    const mask = this.#slots.length - 1
    let slot = (fingerprint ^ Math.imul(host, 0x9e3779b1)) & mask
    for (;;) {
      const position = this.#slots[slot]! - 1
      if (position < 0) return slot
      if (this.#fingerprints[position] === fingerprint && this.#hosts[position] === host) return slot
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const hosts = new Uint32Array(this.#hosts.length * 2)
    const fingerprints = new Float64Array(hosts.length)
    hosts.set(this.#hosts)
    fingerprints.set(this.#fingerprints)
    this.#hosts = hosts
    this.#fingerprints = fingerprints
    this.#slots = new Int32Array(hosts.length * 2)
    for (let at = 0; at < this.size; at++) this.#slots[this.#find(hosts[at]!, fingerprints[at]!)] = at + 1
  }
}
