import { isPublicUrl } from '../base/public-host.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Frontier } from '../contracts/frontier.ts'

/**
 * Whether one crawl may ask addresses of a local network. A crawl of public sites must not be led there: its links,
 * sitemaps and redirects were written by strangers. The user's own words are its seeds, as long as their source has read
 * nothing to find them: when one of those is such an address, the crawl may go there, also when it goes on in another
 * process. The option `allowPrivateTargets` goes over this.
 */
const key = 'reach'
const remembered = 10_000

export class Reach {
  readonly #option: boolean | undefined
  readonly #side: Frontier['side']
  #isOpen: boolean
  /** By origin, as the URL parser writes it. */
  readonly #known = new Map<string, boolean>()

  constructor(option: boolean | undefined, { side }: Frontier) {
    this.#option = option
    this.#side = side
    this.#isOpen = option ?? false
  }

  /** Remembers what the seeds of an earlier run were. */
  async open(): Promise<void> {
    if (this.#option === undefined && (await this.#side.get(key))) this.#isOpen = true
  }

  /** Requests may go into the local network. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** `url`: absolute, as the URL parser writes it. */
  holds(url: string): boolean {
    if (this.#isOpen) return true
    const origin = url.slice(0, url.indexOf('/', 'https://'.length))
    let isPublic = this.#known.get(origin)
    if (isPublic === undefined) {
      isPublic = isPublicUrl(url)
      if (this.#known.size >= remembered) this.#known.clear()
      this.#known.set(origin, isPublic)
    }
    return isPublic
  }

  /**
   * The user asks for this URL. False when it lies in a local network, was found by reading, and this crawl may not go
   * there. Throws OPTION_INVALID when the user has forbidden what the user asks for.
   */
  async admits(url: string, isFound: boolean): Promise<boolean> {
    if (this.#isOpen || isPublicUrl(url)) return true
    if (this.#option === false && !isFound) throw forbidden(url)
    if (this.#option === false || isFound) return false
    this.#isOpen = true
    await this.#side.put(key, Buffer.from('inside'))
    return true
  }
}

function forbidden(url: string): RegattaError {
  const { host } = new URL(url)
  const message = `Option "allowPrivateTargets" is false, and the crawl starts at ${host}, which lies in a local network. Leave the option out, or start elsewhere.`
  return new RegattaError('OPTION_INVALID', message, { value: { path: 'allowPrivateTargets', value: false } })
}
