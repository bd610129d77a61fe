import module, { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Both runtimes load a module once and keep it. To load a user's file again after it was changed, its URL gets a version,
 * and what it imports from files of its own gets the same one. Packages and Regatta itself stay as they are: there must be
 * one zod and one RegattaError.
 */
const mark = /[?&]regatta-version=(\d+)$/

/** The same file under an address that nothing was loaded from yet. */
export function versioned(href: string, version: number): string {
  return `${href}?regatta-version=${version}`
}

/** What was loaded under a version, as paths. */
export type LoadedFiles = ReadonlySet<string>

/** From now on imports keep the version of the file that they stand in. The files that have one are collected. */
export function followVersions(): LoadedFiles {
  const files = new Set<string>()
  // Absent in older runtimes, whatever the types say: there only the file itself is loaded again.
  if (typeof (module as { registerHooks?: unknown }).registerHooks !== 'function') return files
  const { cache } = createRequire(import.meta.url)
  module.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      const version = mark.exec(context.parentURL ?? '')?.[1] ?? mark.exec(specifier)?.[1]
      if (version === undefined || !isOfUser(found.url)) return found
      const path = fileURLToPath(found.url)
      files.add(path)
      // CommonJS is kept by its path.
      delete cache[path]
      return mark.test(found.url) ? found : { ...found, url: versioned(found.url, Number(version)) }
    },
  })
  return files
}

function isOfUser(url: string): boolean {
  return url.startsWith('file:') && !/\/node_modules\//.test(url) && !url.startsWith(ownFolder)
}

/** Of Regatta: from src/cli when unbuilt, from dist/src/cli in the package. */
const ownFolder = new URL('..', import.meta.url).href
