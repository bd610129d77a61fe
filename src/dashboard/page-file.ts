import { createHash } from 'node:crypto'
import { builtPage, savedPlace } from './built-page.ts'
import type { SavedPage } from './protocol.ts'

/**
 * The page, with the policy that lets nothing run but its own script. The policy names script and style by their hashes, so that
 * markup in a page's title or in an item would stay without effect even if the page put it in as markup; it never does.
 */
export interface PageFile {
  readonly html: string
  readonly policy: string
}

let read: PageFile | undefined

/** Read once it is built. */
export function pageFile(): PageFile {
  if (read) return read
  const html = builtPage()
  if (html === undefined) return { html: notBuilt, policy: "default-src 'none'" }
  read = {
    html,
    policy: policyOf(html, "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
  }
  return read
}

/** The page as a file of its own, which asks no server. */
export function savedPage(saved: SavedPage): string {
  const { html } = pageFile()
  const data = `<script type="application/json" id="regatta-saved">${jsonInMarkup(saved)}</script>`
  const policy = `<meta http-equiv="Content-Security-Policy" content="${policyOf(html, "connect-src 'none'; base-uri 'none'; form-action 'none'").replaceAll('"', '&quot;')}">`
  const withPolicy = html.replace('<head>', () => `<head>${policy}`)
  const place = withPolicy.includes(savedPlace) ? savedPlace : '</body>'
  // A function: what a page's title says must not be read as a pattern.
  return withPolicy.replace(place, () => (place === savedPlace ? data : `${data}${place}`))
}

/** JSON that ends no script and no line, wherever it stands in a page. */
export function jsonInMarkup(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (each) => escapes[each]!)
}

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

function policyOf(html: string, rest: string): string {
  const scripts = hashesOf(html, 'script')
  const styles = hashesOf(html, 'style')
  return `default-src 'none'; script-src ${scripts}; style-src ${styles}; img-src data: blob:; ${rest}`
}

/** Of the content of each such element of our own page. */
function hashesOf(html: string, name: 'script' | 'style'): string {
  const hashes: string[] = []
  for (let at = html.indexOf(`<${name}`); at >= 0; at = html.indexOf(`<${name}`, at)) {
    const begin = html.indexOf('>', at) + 1
    at = html.indexOf(`</${name}`, begin)
    if (begin === 0 || at < 0) break
    hashes.push(`'sha256-${createHash('sha256').update(html.slice(begin, at)).digest('base64')}'`)
  }
  return hashes.length > 0 ? hashes.join(' ') : "'none'"
}

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Regatta</title></head>
<body><p>The page of the dashboard is not built: <code>npm run page</code> does it. Its data are at <code>/api/snapshot</code>.</p></body></html>
`
