import type { ProxyTags } from '../contracts/endpoint.ts'

/**
 * What is known of a proxy beside its address: `country=DE class=residential provider=acme`. A misspelt tag is a reason
 * to reject the entry, not to overlook the word: it would silently be a proxy of another kind.
 */
const classes = ['datacenter', 'residential', 'mobile', 'free'] as const

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
      const known = classes.find((each) => each === value.toLowerCase())
      if (!known) return `the tag class is not one of ${classes.join(', ')}`
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
