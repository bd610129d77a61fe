import { tokenAt } from './robots-rules.ts'

/**
 * The name of a crawler in its user agent, which groups of robots.txt are matched with (RFC 9309, 2.2.1): `AcmeBot` of
 * `AcmeBot/1.2`, and of what crawlers in a browser's coat send: `Mozilla/5.0 (compatible; AcmeBot/1.2; +http://…)`, also with
 * the name in another comment or at the end. Undefined when there is none; a browser has none.
 */
export function productToken(userAgent: string): string | undefined {
  const text = userAgent.slice(0, longest).trim()
  if (!/^mozilla\//i.test(text)) return tokenAt(text) || undefined
  for (const pattern of places) {
    for (const [, name] of text.matchAll(pattern)) {
      if (!browsers.has(name!.toLowerCase())) return name
    }
  }
  return undefined
}

/** Nobody's is longer. */
const longest = 1_000

/** Behind `compatible`, a part of a comment that is a product, a product outside of comments. */
const places = [
  /\bcompatible;\s*([a-z_-]+)/gi,
  /[(;]\s*([a-z_-]+)\/[\w.-]+\s*(?=[;)])/gi,
  /(?:^|\s)([a-z_-]+)\/[\w.-]+(?=\s|$)/gi,
]

/** What browsers write of themselves. */
const browsers: ReadonlySet<string> = new Set(
  'mozilla msie applewebkit khtml gecko chrome chromium headlesschrome crios safari version mobile firefox fxios edge edg edga edgios opr opera presto vivaldi yabrowser samsungbrowser trident tablet build windows'.split(
    ' ',
  ),
)
