import { isIPv4 } from 'node:net'

/**
 * The geography of a lab: which names exist, where they really are, and which address each proxy leaves from. All of
 * 127.0.0.0/8 is loopback on Linux, so every exit has a /24 of its own without any set-up.
 */
export interface Place {
  readonly address: string
  readonly port: number
  /** Whether an origin of the lab speaks TLS there. */
  readonly speaksTls: boolean
}

export class World {
  #ports = new Map<string, number>()
  #secure = new Set<number>()
  #egress = new Map<string, string>()
  #apartSoFar = 0
  #blocks = new Map<string, { readonly number: number; taken: number }>()
  #countries = new Map<string, string>()

  name(host: string, port: number, speaksTls: boolean): void {
    this.#ports.set(host, port)
    if (speaksTls) this.#secure.add(port)
  }

  /**
   * What a proxy makes of a target; undefined when there is no such name or address here. An origin is found at its
   * scheme's own port, 80 or 443, and at its real one. Nothing but loopback is ever dialled.
   */
  resolve(host: string, port: number): Place | undefined {
    const known = this.#ports.get(host.toLowerCase())
    if (known !== undefined) {
      const speaksTls = this.#secure.has(known)
      return { address: '127.0.0.1', port: port === (speaksTls ? 443 : 80) ? known : port, speaksTls }
    }
    const address = host === 'localhost' ? '127.0.0.1' : host
    return isIPv4(address) && address.startsWith('127.')
      ? { address, port, speaksTls: this.#secure.has(port) }
      : undefined
  }

  /** An address is in this country; the first word holds. */
  settle(address: string, country: string): void {
    if (!this.#countries.has(address)) this.#countries.set(address, country.toUpperCase())
  }

  /** Two letters; US where nothing is said. */
  readonly countryOf = (address: string): string => this.#countries.get(address) ?? 'US'

  /**
   * The address of an egress: the same for the same name, in a /24 of its own or in that of its block. A block has room
   * for 250.
   */
  egress(name: string, block?: string): string {
    let address = this.#egress.get(name)
    if (!address) {
      address = block === undefined ? this.#apart() : this.#within(block)
      this.#egress.set(name, address)
    }
    return address
  }

  #apart(): string {
    const index = this.#apartSoFar++
    return `127.${10 + (index >> 8)}.${index & 255}.10`
  }

  #within(block: string): string {
    let place = this.#blocks.get(block)
    if (!place) {
      place = { number: this.#blocks.size, taken: 0 }
      this.#blocks.set(block, place)
    }
    const { number, taken } = place
    place.taken++
    // One that is full goes on in the next but 256.
    return `127.${100 + (number >> 8) + Math.floor(taken / 250)}.${number & 255}.${1 + (taken % 250)}`
  }
}
