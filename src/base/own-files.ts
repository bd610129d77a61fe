import { existsSync } from 'node:fs'
import { extname } from 'node:path'

/**
 * Workers, and packages that are loaded at their first use, are found by where a file of Regatta lies. A bundler puts all
 * of it into one file, and cannot know what is missing there: then this says what to tell the bundler.
 */
const way =
  'Mark regatta as external when you bundle (esbuild --external:regatta, rollup "external"), and install it where the bundle runs.'

/** The URL of a module, from its `import.meta.url`; a bundle in CommonJS has none. Throws a sentence that says the way out. */
export function whereIs(url: string | undefined, wanted: string, cause?: unknown): string {
  if (url !== undefined) return url
  throw new Error(`Regatta cannot find ${wanted} from inside a bundle. ${way}`, { cause })
}

/** A file beside the module at `url`: `.ts` from the sources, `.js` in the package. Throws as `whereIs` does. */
export function fileBeside(url: string | undefined, name: string): URL {
  const wanted = `its own file "${name}"`
  const here = whereIs(url, wanted)
  const file = new URL(`./${name}${extname(here)}`, here)
  if (file.protocol === 'file:' && !existsSync(file)) whereIs(undefined, wanted)
  return file
}
