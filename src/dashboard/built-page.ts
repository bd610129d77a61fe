import { readFileSync } from 'node:fs'

/**
 * The dashboard's page, one HTML file: `npm ci` and packing build it of dashboard/ (scripts/page.ts). It lies in dist/, beside
 * the compiled code and not among it, so that a checkout, which runs its sources, finds it too.
 */
const path = import.meta.url.endsWith('.ts') ? '../../dist/dashboard.html' : '../../dashboard.html'

/** The comment that what a saved page holds takes the place of. */
export const savedPlace = '<!--regatta-saved-->'

/** The page's text; undefined where it was not built: `npm run page` does it. */
export function builtPage(): string | undefined {
  try {
    return readFileSync(new URL(path, import.meta.url), 'utf8')
  } catch {
    return undefined
  }
}
