/**
 * The gate before every rule that reads a page: one pass over the bytes of a small page, and for nearly every good one
 * the answer is no and nothing is decoded. A word here proves nothing; it only says that the rules should look. Seven
 * letters or more: the shortest word sets the length of the steps.
 */
const refusalWords = [
  'captcha',
  'turnstile',
  'challenge-',
  '_cf_chl',
  'cf-error-',
  'incapsula',
  'sec-if-cpt',
  'sec-cpt-if',
  'cp_challenge',
  'awswafin',
  'awswaf.com',
  'aws-waf-token',
  '_pxappid',
  'window.kpsdk',
  'js?kpsdk',
  'just a moment',
  'attention required',
  'unusual traffic',
  'unusual activity',
  'automated ',
  'access denied',
  'access to this',
  'been blocked',
  'been denied',
  'temporarily ',
  ' banned',
  'permission to access',
  'javascript and cookies',
  'unsuccessful',
  'forbidden',
  'bot detect',
  'bot check',
  "'re human",
  'are blocked',
  'is blocked',
  'request blocked',
  ' a robot',
  'robot check',
  'are human',
  'human verification',
  'security check',
  'pardon our',
  'too many requests',
  'not available in your',
  'unavailable in your',
  'your country',
  'your region',
  'your location',
  'your area',
  'legal reasons',
  ' a human',
]

/** Only over plain HTTP could the page be somebody else's. */
const injectionWords = [
  'free wifi',
  'free wi-fi',
  'wifi log',
  'wi-fi log',
  'wifi port',
  'wi-fi port',
  'to wi-fi',
  'to the wi-fi',
  'hotspot',
  'captive',
  'guest network',
  'internet access',
  'network login',
  'to the network',
  'to our network',
  'network access',
  'web authentication',
  'wispaccess',
  'fgtauth',
  'link-login',
  'coovachilli',
  'name="magic',
  'top up your',
  'top-up your',
  'topup your',
  'exhausted',
  'expired',
  'depleted',
  'exceeded',
  'insufficient',
  'recharge',
  'renew your',
  'upgrade your',
  'advertis',
  'sponsored',
  'congratulations',
  'a prize',
  'your prize',
  'special offer',
  'click here',
  'free gift',
  'http://ads',
  'https://ads.',
  '://banner',
  'http://ad.',
  'welcome to nginx',
  'apache2 ',
  'it works',
  'iis windows',
  'test page for',
  'default web page',
  'you won ',
  'have won ',
  ' used up',
]

/** Refusals and replaced pages are small; a larger page has content. */
const limit = 32_768

/** Whether a small page holds any of the words; `isForgeable`: those that only a proxy would have written count too. */
export function hasMarkers(body: Uint8Array, isForgeable: boolean): boolean {
  return body.length <= limit && (isForgeable ? refusalsAndInjections : refusals).found(body, limit)
}

/**
 * Does any of fifty words occur in this page? It is asked of every good page, and the answer is nearly always no, so the
 * no must be cheap. A regular expression with so many alternatives looks at every byte several times (6 µs for 2 KB);
 * one `indexOf` per word is worse (19 µs). This is the search of Wu and Manber ("A fast algorithm for multi-pattern
 * searching", 1994) with blocks of three bytes: it steps through the bytes by up to the shortest word's length and decodes
 * nothing (about 1 µs for 2 KB). ASCII case is ignored.
 */
export interface MarkerScan {
  /** Whether any word occurs within the first `limit` bytes. */
  found(bytes: Uint8Array, limit: number): boolean
}

const tableSize = 16_384

/** Three bytes, ASCII case folded, as a table index. */
function blockOf(first: number, second: number, third: number): number {
  return (((first | 0x20) << 9) ^ ((second | 0x20) << 4) ^ (third | 0x20)) & (tableSize - 1)
}

/** `words` are ASCII of at least four characters. The longer the shortest is, the longer are the steps. */
export function createMarkerScan(words: readonly string[]): MarkerScan {
  const patterns = words.map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0) | 0x20))
  const window = Math.min(...patterns.map((pattern) => pattern.length))
  const shifts = new Uint8Array(tableSize).fill(window - 2)
  const endings = Array.from({ length: tableSize }, (): Uint8Array[] => [])
  for (const pattern of patterns) {
    for (let at = 2; at < window; at++) {
      const block = blockOf(pattern[at - 2]!, pattern[at - 1]!, pattern[at]!)
      shifts[block] = Math.min(shifts[block]!, window - 1 - at)
      if (at === window - 1) endings[block]!.push(pattern)
    }
  }
  return {
    found(bytes, limit) {
      const end = Math.min(bytes.length, limit)
      let at = window - 1
      while (at < end) {
        const block = blockOf(bytes[at - 2]!, bytes[at - 1]!, bytes[at]!)
        const shift = shifts[block]!
        if (shift > 0) {
          at += shift
          continue
        }
        const start = at - window + 1
        for (const pattern of endings[block]!) if (startsWith(bytes, start, end, pattern)) return true
        at++
      }
      return false
    },
  }
}

function startsWith(bytes: Uint8Array, start: number, end: number, pattern: Uint8Array): boolean {
  if (start + pattern.length > end) return false
  for (let i = 0; i < pattern.length; i++) if ((bytes[start + i]! | 0x20) !== pattern[i]) return false
  return true
}

const refusals = createMarkerScan(refusalWords)
const refusalsAndInjections = createMarkerScan([...refusalWords, ...injectionWords])
