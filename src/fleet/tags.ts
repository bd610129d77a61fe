import { type ProxyTags, proxyClasses } from '../contracts/endpoint.ts'
import { asnOf } from '../contracts/proxy-filter.ts'

/**
 * What is known of a proxy beside its address: `country=DE city=new-york asn=AS3320 class=residential price=3.5
 * provider=acme`. A misspelt tag is a reason to reject the entry, not to overlook the word: it would silently be a proxy of
 * another kind.
 */
/** Reads the words behind an address: tags, or the reason why one is wrong. A blank in a value is written `+` or `%20`. */
export function readTags(words: readonly string[]): ProxyTags | string {
  let tags: ProxyTags = {}
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 0) return 'what follows the address is not tag=value'
    const read = readTag(word.slice(0, equals).toLowerCase(), word.slice(equals + 1))
    if (typeof read === 'string') return read
    tags = { ...tags, ...read }
  }
  return tags
}

/** One tag, or the reason why it is wrong. */
export function readTag(name: string, value: string): ProxyTags | string {
  switch (name) {
    case 'country':
      return isCountry(value)
        ? { country: value.toUpperCase() }
        : 'the tag country is not a code of two letters'
    case 'city': {
      const city = cityOf(value)
      return city === undefined ? 'the tag city is not the name of a place' : { city }
    }
    case 'asn': {
      const asn = asnOf(value)
      return asn === undefined ? 'the tag asn is not a number such as AS3320' : { asn }
    }
    case 'class': {
      const known = classOf(value)
      return known ? { class: known } : `the tag class is not one of ${proxyClasses.join(', ')}`
    }
    case 'price': {
      const price = priceOf(value)
      return price === undefined ? 'the tag price is not an amount such as 3.5' : { price }
    }
    case 'provider':
      return /^[\w.-]{1,64}$/.test(value) ? { provider: value } : 'the tag provider is not a short word'
    default:
      return 'a tag is not one of country, city, asn, class, price, provider'
  }
}

/** The tags as words behind an address, to be read by `readTags`. */
export function tagWords({ country, city, asn, class: kind, price, provider }: ProxyTags): string[] {
  const values = {
    country,
    city: city && encodeURIComponent(city),
    asn: asn && `AS${asn}`,
    class: kind,
    price,
    provider,
  }
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
}

/** The name of a place as it is shown, or undefined when it is none. */
export function cityOf(text: string): string | undefined {
  const city = decoded(text.replaceAll('+', ' ')).replaceAll('_', ' ').trim()
  return /^[\p{L}\p{N}][\p{L}\p{M}\p{N} .'’()/-]{0,63}$/u.test(city) && /\p{L}/u.test(city) ? city : undefined
}

/** What a gigabyte costs, or undefined when the text is no amount. */
export function priceOf(text: string): number | undefined {
  const price = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return price < 1_000_000 ? price : undefined
}

/** The class that a word names, whatever its case. */
export function classOf(word: string): ProxyTags['class'] {
  return proxyClasses.find((each) => each === word.toLowerCase())
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whether a text can be an ISO 3166-1 alpha-2 code; XX and ZZ are written where it is not known. */
export function isCountry(text: string): boolean {
  return /^(?!xx|zz)[a-z]{2}$/i.test(text)
}

/** The code of a country, by its code or its English name; undefined where it is neither. */
export function countryOf(text: string): string | undefined {
  if (isCountry(text)) return text.toUpperCase()
  return countryNames().get(text.trim().toLowerCase())
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

let names: ReadonlyMap<string, string> | undefined

/** Codes by the English names of all countries, in lower case, and by what lists call some of them. */
function countryNames(): ReadonlyMap<string, string> {
  names ??= new Map([
    ...Array.from({ length: 26 * 26 }, (_, n) =>
      String.fromCharCode(65 + Math.floor(n / 26), 65 + (n % 26)),
    ).flatMap((code) => {
      const name = isCountry(code) ? regions.of(code) : undefined
      return name === undefined || name === code ? [] : [[name.toLowerCase(), code] as const]
    }),
    ...alsoCalled,
  ])
  return names
}

const regions = new Intl.DisplayNames('en', { type: 'region' })
const alsoCalled = [
  ['united states of america', 'US'],
  ['usa', 'US'],
  ['great britain', 'GB'],
  ['the netherlands', 'NL'],
  ['czech republic', 'CZ'],
  ['turkey', 'TR'],
  ['hong kong', 'HK'],
  ['republic of korea', 'KR'],
  ['russian federation', 'RU'],
  ['viet nam', 'VN'],
  ['republic of moldova', 'MD'],
] as const
