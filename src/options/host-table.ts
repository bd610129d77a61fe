import { getDomain } from 'tldts'
import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import { fittingPatterns } from './host-pattern.ts'
import { type HostSettings, settingsWith } from './host-settings.ts'
import type { HostOverrides, Options } from './options.ts'

/**
 * Which pool a URL belongs to, and what holds there. A pool has one set of settings: what `hostKey` puts together (a
 * domain, or whatever the user's own function says) is taken apart where `hosts` says something else of one of them, so
 * that no request runs under another host's headers, filter or gates. An entry that is named like the pool speaks for all
 * of it.
 *
 * Parsing a URL costs as much as a pick, and crawls ask for the same few hosts, so the key for what stands before the
 * path is kept: nothing behind it can change the host.
 */
const remembered = 10_000

export class HostTable {
  readonly #plain: HostSettings
  readonly #options: Options
  readonly #keyOf: (url: URL) => string
  readonly #byOrigin: Map<string, string> | undefined
  readonly #entries: ReadonlyMap<string, HostOverrides>
  /** By the names of the entries: few, however many hosts there are. */
  readonly #settings = new Map<string, HostSettings>()

  constructor(options: Options) {
    const { hostKey, hosts } = options
    this.#options = options
    this.#plain = settingsWith([], options)
    this.#entries = new Map(Object.entries(hosts))
    if (typeof hostKey === 'function') this.#keyOf = hostKey
    else {
      this.#keyOf = hostKey === 'host' ? (url) => url.host : (url) => getDomain(url.hostname) ?? url.host
      this.#byOrigin = new Map()
    }
  }

  /** What holds for hosts that no entry speaks of. */
  get plain(): HostSettings {
    return this.#plain
  }

  /** The pool's key. Throws URL_INVALID for what is not an absolute http(s) URL. */
  keyOf(url: string): string {
    const origins = this.#byOrigin
    if (!origins) return this.#read(url)
    const end = originEnd(url)
    const origin = end === -1 ? url : url.slice(0, end)
    const known = origins.get(origin)
    if (known !== undefined) return known
    const key = this.#read(url)
    if (origins.size >= remembered) origins.delete(origins.keys().next().value!)
    origins.set(origin, key)
    return key
  }

  /** What holds for this URL. Throws URL_INVALID where that depends on the URL. */
  settingsFor(url: string): HostSettings {
    return this.#entries.size === 0 ? this.#plain : this.settingsOf(this.keyOf(url))
  }

  /** What holds in the pool of this key. */
  settingsOf(key: string): HostSettings {
    if (this.#entries.size === 0) return this.#plain
    const [shared, own] = this.#split(key)
    const names = own === undefined ? this.#namesOfAll(shared) : this.#namesOf(own, shared)
    if (names.length === 0) return this.#plain
    const together = names.join(' ')
    let settings = this.#settings.get(together)
    if (!settings) {
      settings = settingsWith(
        names.map((name) => this.#entries.get(name)!),
        this.#options,
      )
      this.#settings.set(together, settings)
    }
    return settings
  }

  #read(url: string): string {
    const target = parseTarget(url)
    const shared = this.#keyOf(target)
    if (this.#entries.size === 0 || shared === target.host) return shared
    const names = this.#namesOf(target.host, shared)
    if (names.length === this.#namesOfAll(shared).length) return shared
    return `${shared} (${names.findLast((name) => name !== shared)})`
  }

  /** What `hostKey` says, and the entry that sets this pool apart from the others of that key. */
  #split(key: string): [shared: string, own: string | undefined] {
    const [, shared, own] = /^(.*) \((\S+)\)$/.exec(key) ?? []
    return own !== undefined && this.#entries.has(own) ? [shared!, own] : [key, undefined]
  }

  /** The entries that speak of every host of a pool; the key of a user's own function is no host. */
  #namesOfAll(shared: string): string[] {
    if (typeof this.#options.hostKey !== 'function') return this.#namesOf(shared, shared)
    return this.#entries.has(shared) ? [shared] : []
  }

  /** The entries that speak of a host (or of all that fit a pattern) in a pool, the most specific last. */
  #namesOf(host: string, shared: string): string[] {
    const names = fittingPatterns(host.replace(/^\*/, ''), (pattern) => this.#entries.has(pattern))
    if (names.includes(shared) || !this.#entries.has(shared)) return names
    // It speaks for every host of the pool: wider than what names a host within it, narrower than what goes beyond it.
    const wider = names.filter((name) => name.startsWith('*.') && !name.endsWith(`.${shared}`))
    return [...wider, shared, ...names.slice(wider.length)]
  }
}

/** Where the path begins in a plain URL; -1 when there is none. */
function originEnd(url: string): number {
  for (let index = 8; index < url.length; index++) {
    const code = url.charCodeAt(index)
    // / ? # \ end the authority for http(s).
    if (code === 47 || code === 63 || code === 35 || code === 92) return index
  }
  return -1
}

/** Throws URL_INVALID for what is not an absolute http(s) URL. */
function parseTarget(url: string): URL {
  const parsed = URL.parse(url)
  if (parsed && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed
  const shown = redact(url).slice(0, 200)
  throw new RegattaError('URL_INVALID', `"${shown}" is not an absolute http or https URL.`, {
    value: { url: shown },
  })
}
