import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { buildPage } from './page/build-page.ts'

/**
 * Builds the dashboard's page, dist/dashboard.html, of what lies in dashboard/. `npm ci` and `npm pack` do it by themselves.
 */
const html = await buildPage()
mkdirSync('dist', { recursive: true })
writeFileSync('dist/dashboard.html', html)
const sizes = [Buffer.byteLength(html), gzipSync(html).length].map(
  (bytes) => `${(bytes / 1_000).toFixed(1)} kB`,
)
console.log(`dist/dashboard.html: ${sizes[0]}, ${sizes[1]} compressed`)
