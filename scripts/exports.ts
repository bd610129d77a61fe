import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/**
 * What `import 'regatta'` means. In a checkout it means the sources: `exports` in package.json names `.ts` files, and
 * since a package may import itself by name, plugins, examples, tests and a user's own file get them on Node, on Deno, in
 * vitest and in the compiler, without a build, a flag or a setting. Node strips no types below node_modules, so the
 * tarball must name the built files: `prepack` writes them into package.json, and `postpack` the sources back.
 *
 * A condition of its own (`"source": "./src/index.ts"` before `"default": "./dist/…"`) was rejected. It holds only
 * where a flag says so, which differs for each of the four, and where the flag is missing a program gets the build of last week.
 *
 *   node scripts/exports.ts built | sources
 */
type Target = string | { readonly types: string; readonly default: string }

const form = process.argv[2]
if (form !== 'built' && form !== 'sources') throw new Error('Say which: built or sources.')

const file = new URL('../package.json', import.meta.url)
const manifest = JSON.parse(readFileSync(file, 'utf8')) as { exports: Record<string, Target> }
const targets = Object.entries(manifest.exports).map(([door, target]) => [
  door,
  form === 'built' ? built(sourceOf(target)) : sourceOf(target),
])
writeFileSync(file, `${JSON.stringify({ ...manifest, exports: Object.fromEntries(targets) }, null, 2)}\n`)

/** `./src/index.ts`, whichever form it has now: a pack that was interrupted is mended by the next one. */
function sourceOf(target: Target): string {
  return typeof target === 'string' ? target : target.default.replace('./dist/', './').replace(/\.js$/, '.ts')
}

function built(source: string): Target {
  const stem = source.replace('./', './dist/').replace(/\.ts$/, '')
  return { types: `${stem}.d.ts`, default: `${stem}.js` }
}
