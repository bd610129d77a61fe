import { z } from 'zod'

/**
 * A proxy that answers, and wrongly. Each lie is a well-formed HTTP message, framed and encoded as the true one was, so
 * that nothing but its content gives it away; words are invented from the seed and stand on no list. Lies are told over
 * plain HTTP alone: inside TLS a proxy sees no page. HEAD requests pass untouched.
 */
export const lieKinds = [
  // Instead of every page the same one:
  'notice', // a few invented words
  'portal', // a kilobyte with a title and links, in any language
  'login', // a form that asks for a name and a password
  'first-page', // the first page that it fetched
  'framed', // an empty page with one frame
  'blank', // tags without a word
  // Instead of a page another one, which differs from URL to URL:
  'parked', // an invented page with links
  'likeness', // the true page with words, numbers and links of others of its site
  'other-page', // another page of the same site
  'old-copy', // the page as it was before its last revision
  // The true page with a change:
  'script-at-end', // one more script before </body>
  'script-in-head', // one more script behind <head>
  'script-inline', // one more script with its code before </head>
  'pixel', // an image of one dot before </body>
  'refresh', // a meta element that leads away after some seconds
  'comment', // a comment before </body>
  'minified', // without the line ends between its tags
  'affiliate', // another partner's id in its links
  'tracked-links', // its links lead by way of another host
  'prices', // other prices; in JSON other numbers with decimals
  'numbers', // other numbers in its text, or in its JSON
  'one-number', // one other number
  'missing-part', // a piece of its text is left out
  'truncated', // 60 % of the body, with a length that fits
  // Endings, which take pages away:
  'not-found', // 404
  'gone', // 410
  'no-content', // 204
  'not-modified', // 304
  'empty', // 200 without a body
  'redirect-away', // to `to`, or to an invented host
  'redirect-home', // to the site's own start page
  'redirect-loop', // to itself
  'huge-length', // announces 64 GiB
  'retry-later', // 429 with Retry-After of an hour
  'unavailable', // 503 with Retry-After of an hour
  'forbidden', // 403
  // The same bytes, or nearly, called something else:
  'charset-header', // the header names another encoding
  'charset-bytes', // the text is encoded twice
  'as-text', // the type is text/plain
  'as-octets', // the type is application/octet-stream
  'no-cookies', // without what the site sets
  // Where machines read:
  'empty-json', // {"status":"ok","data":[]} in place of JSON
  'robots-forbid', // robots.txt forbids everything
  'robots-allow', // robots.txt allows everything
  'sitemap-empty', // sitemaps without a page
  // No lie at all, and not what the site sent either:
  'extra-headers', // what caches add: Via, X-Cache, Age
  'recoded', // decompressed, and with a length
] as const

/** What honest proxies do to answers: it must not count against them. */
export const harmlessKinds: ReadonlySet<LieKind> = new Set(['extra-headers', 'recoded'])

export type LieKind = (typeof lieKinds)[number]

export const lieSchema = z.strictObject({
  kind: z.literal('lie'),
  how: z.enum(lieKinds),
  /** Share of its answers that are lies, 0–1, default 1. In a band: share of the URLs, the same ones for all of it. */
  share: z.number().min(0).max(1).default(1),
  /** Honest answers that come first. Default 0. */
  afterAnswers: z.number().int().min(0).max(1e9).default(0),
  /** Milliseconds of the lab's time that are honest. Default 0. */
  afterMs: z.number().min(0).max(1e9).default(0),
  /** Host names that it lies about; default every one. */
  hosts: z.array(z.string().min(1)).min(1).max(1_000).optional(),
  /** How the paths begin that it lies about; default every one. */
  paths: z.array(z.string().startsWith('/')).min(1).max(1_000).optional(),
  /** Where `redirect-away` leads to: a full URL. */
  to: z.url().optional(),
  /** What the lie looks like. Default: the scenario's seed with the proxy's name, or with the band. */
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
  /** All of one band tell the same lie about a URL. */
  band: z.string().min(1).max(100).optional(),
})

export type LieScript = z.output<typeof lieSchema>
