import type { Random } from '../../base/random.ts'
import { encodedTwice, otherCharset, recoded, retyped, withoutCookies, withTraces } from './disguises.ts'
import { elsewhere, empty, hugeLength, notModified, redirected, retryLater, titled } from './endings.ts'
import { blank, emptyJson, emptySitemap, framed, loginForm, notice, portal, robots } from './inventions.ts'
import type { LieKind } from './lie-schema.ts'
import {
  affiliate,
  comment,
  likeness,
  minified,
  missingPart,
  numbers,
  oneNumber,
  pixel,
  prices,
  refresh,
  type Surgery,
  scriptAtEnd,
  scriptInHead,
  scriptInline,
  trackedLinks,
  truncated,
} from './page-surgery.ts'
import type { Message } from './whole-message.ts'

/** Every lie by its name. */

/** A whole response as it came, and what is passed on. */
export type Lie = (response: Buffer) => Buffer

export interface Memory {
  firstPage?: Message
}

interface Occasion {
  readonly truth: Message
  readonly asked: { readonly host: string; readonly path: string }
  /** The same for every URL… */
  readonly lieLuck: Random
  /** …and another for each. */
  readonly pageLuck: Random
  readonly memory: Memory
  /** Where a redirect leads to, when the script says so. */
  readonly to: string | undefined
  older(): Message | undefined
  other(luck: number): Message | undefined
}

interface Art {
  /** Undefined passes the truth on; bytes are sent as they are. */
  tell(occasion: Occasion): Message | Buffer | undefined
  /** Where it is told, when not everywhere. */
  readonly paths?: RegExp
}

const surgery = (operate: Surgery, luck: 'lieLuck' | 'pageLuck'): Art => ({
  tell: (occasion) => operate(occasion.truth, occasion[luck]),
})
const instead = (make: (truth: Message, random: Random) => Message | undefined): Art => ({
  tell: ({ truth, lieLuck }) => make(truth, lieLuck),
})

const robotsFile = /^\/robots\.txt(?:\?|$)/
const sitemaps = /^\/sitemap/

export const lies: Readonly<Record<LieKind, Art>> = {
  notice: instead(notice),
  portal: instead(portal),
  login: instead(loginForm),
  framed: instead(framed),
  blank: instead(blank),
  'first-page': {
    tell({ truth, memory }) {
      if (memory.firstPage) return memory.firstPage
      if (truth.status === 200) memory.firstPage = truth
      return undefined
    },
    paths: /^(?!\/robots\.txt|\/sitemap)/,
  },
  parked: { tell: ({ truth, pageLuck }) => portal(truth, pageLuck) },
  likeness: { tell: ({ truth, pageLuck, other }) => likeness(truth, pageLuck, other(pageLuck())) },
  'other-page': { tell: ({ pageLuck, other }) => other(pageLuck()), paths: /^(?!\/robots\.txt|\/sitemap)/ },
  'old-copy': { tell: ({ older }) => older() },
  'script-at-end': surgery(scriptAtEnd, 'lieLuck'),
  'script-in-head': surgery(scriptInHead, 'lieLuck'),
  'script-inline': surgery(scriptInline, 'lieLuck'),
  pixel: surgery(pixel, 'lieLuck'),
  refresh: surgery(refresh, 'lieLuck'),
  comment: surgery(comment, 'lieLuck'),
  minified: surgery(minified, 'lieLuck'),
  affiliate: surgery(affiliate, 'lieLuck'),
  'tracked-links': surgery(trackedLinks, 'lieLuck'),
  prices: surgery(prices, 'pageLuck'),
  numbers: surgery(numbers, 'pageLuck'),
  'one-number': surgery(oneNumber, 'pageLuck'),
  'missing-part': surgery(missingPart, 'pageLuck'),
  truncated: surgery(truncated, 'pageLuck'),
  'not-found': instead((truth) => titled(truth, 404)),
  gone: instead((truth) => titled(truth, 410)),
  forbidden: instead((truth) => titled(truth, 403)),
  'no-content': instead((truth) => empty(truth, 204)),
  'not-modified': instead(notModified),
  empty: instead((truth) => empty(truth, 200)),
  'redirect-away': {
    tell: ({ truth, asked, lieLuck, to }) =>
      to !== undefined && new URL(to).hostname === asked.host ? undefined : elsewhere(truth, lieLuck, to),
  },
  'redirect-home': {
    tell: ({ truth, asked }) => (asked.path === '/' ? undefined : redirected(truth, '/')),
  },
  'redirect-loop': { tell: ({ truth, asked }) => redirected(truth, asked.path) },
  'huge-length': { tell: ({ truth }) => hugeLength(truth) },
  'retry-later': instead((truth) => retryLater(truth, 429)),
  unavailable: instead((truth) => retryLater(truth, 503)),
  'charset-header': instead(otherCharset),
  'charset-bytes': instead(encodedTwice),
  'as-text': instead((truth) => retyped(truth, 'text/plain')),
  'as-octets': instead((truth) => retyped(truth, 'application/octet-stream')),
  'no-cookies': instead(withoutCookies),
  'empty-json': instead(emptyJson),
  'robots-forbid': { tell: ({ truth }) => robots(truth, 'Disallow'), paths: robotsFile },
  'robots-allow': { tell: ({ truth }) => robots(truth, 'Allow'), paths: robotsFile },
  'extra-headers': instead(withTraces),
  recoded: instead(recoded),
  'sitemap-empty': { tell: ({ truth }) => emptySitemap(truth), paths: sitemaps },
}
