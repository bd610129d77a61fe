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

  /** The address of an egress: the same for the same name. */
  egress(name: string): string {
    let address = this.#egress.get(name)
    if (!address) {
      const index = this.#egress.size
      address = `127.${10 + (index >> 8)}.${index & 255}.10`
      this.#egress.set(name, address)
    }
    return address
  }
}
