import { type ProxyTags, proxyClasses } from '../contracts/endpoint.ts'

/**
 * What is known of a proxy beside its address: `country=DE class=residential provider=acme`. A misspelt tag is a reason
 * to reject the entry, not to overlook the word: it would silently be a proxy of another kind.
 */
/** Reads the words behind an address: tags, or the reason why one is wrong. Values are not quoted. */
export function readTags(words: readonly string[]): ProxyTags | string {
  let tags: ProxyTags = {}
  for (const word of words) {
    const equals = word.indexOf('=')
    const name = word.slice(0, equals).toLowerCase()
    const value = word.slice(equals + 1)
    if (equals < 0) return 'what follows the address is not tag=value'
    if (name === 'country') {
      if (!isCountry(value)) return 'the tag country is not a code of two letters'
      tags = { ...tags, country: value.toUpperCase() }
    } else if (name === 'class') {
      const known = proxyClasses.find((each) => each === value.toLowerCase())
      if (!known) return `the tag class is not one of ${proxyClasses.join(', ')}`
      tags = { ...tags, class: known }
    } else if (name === 'provider') {
      if (!/^[\w.-]{1,64}$/.test(value)) return 'the tag provider is not a short word'
      tags = { ...tags, provider: value }
    } else return 'a tag is not one of country, class, provider'
  }
  return tags
}

/** Whether a text can be an ISO 3166-1 alpha-2 code. */
export function isCountry(text: string): boolean {
  return /^[a-z]{2}$/i.test(text)
}

/** `DE`, or `DE-N-S` as tables write it; upper case only, as a short word is one elsewhere. */
export function countryCode(word: string): string | undefined {
  const code = word.replace(/^[[(]|[\])]$/g, '').split('-', 1)[0]!
  return code === code.toUpperCase() && isCountry(code) ? code : undefined
}

const kinds =
  /^(?:elite|anonymous|transparent|distorting|high|hia|noa|anm|proxy|datacenter|residential|mobile|isp|free|public)$/i
const answers = /^(?:yes|no|true|false|n\/?a|[+!-]|\d+(?:\.\d+)?(?:ms|s|%)?)$/i

/** Whether a word says how anonymous a proxy is, what kind it is, or where it stands: what lists tell beside an address. */
export function isRemark(word: string): boolean {
  return saysKind(word) || answers.test(word) || countryNames().has(word.toLowerCase())
}

/** How anonymous a proxy is, or of what kind; some lists call that its type. */
export function saysKind(word: string): boolean {
  return kinds.test(word)
}

let names: ReadonlySet<string> | undefined

/** English names of all countries, in lower case. */
function countryNames(): ReadonlySet<string> {
  names ??= new Set(
    Array.from({ length: 26 * 26 }, (_, n) =>
      String.fromCharCode(65 + Math.floor(n / 26), 65 + (n % 26)),
    ).map((code) => regions.of(code)?.toLowerCase() ?? ''),
  )
  return names
}

const regions = new Intl.DisplayNames('en', { type: 'region' })
