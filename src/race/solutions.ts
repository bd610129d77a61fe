import type { Clock } from '../base/clock.ts'
import type { Cookies } from '../contracts/cookies.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Options } from '../options/options.ts'
import { CookieJar } from '../router/cookie-jar.ts'

/**
 * What has solved the challenges of sites. A firewall gives its cookie to one address, so each is kept for one exit and one site, and later
 * requests over that exit are sent with it from the start. Requests that meet the same challenge at a time wait for one resolver. A challenge
 * that comes although the solution was sent means that it is used up: it is forgotten, and solved anew. In memory only.
 */
export interface Solution {
  /** In lower case, without cookies. */
  readonly headers: Readonly<Record<string, string>>
  /** Those of the resolver, and what the site has set since. */
  readonly cookies: Cookies
}

/** A challenge: the answer to a request that left over this exit, perhaps with a solution. */
export interface Challenge {
  readonly response: HttpResponse
  readonly request: FetchRequest
  readonly proxy: ProxyEndpoint
  readonly sent: Solution | undefined
}

/** Solutions that are kept; those that were not used for the longest time go first. */
const mostKept = 10_000

export class Solutions {
  readonly #resolve: Options['resolveChallenge']
  readonly #clock: Clock
  readonly #kept = new Map<string, Solution>()
  readonly #solving = new Map<string, Promise<Solution | undefined>>()

  constructor(resolve: Options['resolveChallenge'], clock: Clock) {
    this.#resolve = resolve
    this.#clock = clock
  }

  /** What a request to this URL is sent with over this exit; undefined where nothing was asked for. */
  of(proxy: ProxyEndpoint, url: string): Solution | undefined {
    if (this.#kept.size === 0) return undefined
    const key = keyOf(proxy, url)
    const solution = this.#kept.get(key)
    if (!solution) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, solution)
    return solution
  }

  /** Whether there is one for a request to this URL over this exit now. Never rejects. */
  async solve(challenge: Challenge): Promise<boolean> {
    const { proxy, request, sent } = challenge
    const key = keyOf(proxy, request.url)
    const known = this.#kept.get(key)
    if (known && known !== sent) return true
    this.#kept.delete(key)
    let solving = this.#solving.get(key)
    if (!solving) {
      solving = this.#ask(challenge, key).finally(() => this.#solving.delete(key))
      this.#solving.set(key, solving)
    }
    return (await solving) !== undefined
  }

  /** It has not helped. */
  forget(proxy: ProxyEndpoint, url: string, solution: Solution): void {
    const key = keyOf(proxy, url)
    if (this.#kept.get(key) === solution) this.#kept.delete(key)
  }

  async #ask({ response, request, proxy }: Challenge, key: string): Promise<Solution | undefined> {
    const found = await this.#resolve!(response, request, proxy)
    if (!found) return undefined
    const { cookie, ...headers } = inLowerCase(found)
    const cookies = new CookieJar(() => this.#clock.wall())
    const lines = response.headers['set-cookie']
    if (lines !== undefined) cookies.take(request.url, typeof lines === 'string' ? [lines] : lines)
    for (const pair of cookie?.split(/;\s*/) ?? []) cookies.take(request.url, [`${pair}; Path=/`])
    const solution = { headers, cookies }
    this.#kept.set(key, solution)
    if (this.#kept.size > mostKept) this.#kept.delete(this.#kept.keys().next().value!)
    return solution
  }
}

function keyOf({ id }: ProxyEndpoint, url: string): string {
  return `${id} ${new URL(url).origin}`
}

function inLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
