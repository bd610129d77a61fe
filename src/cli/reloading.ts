import module, { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * Both runtimes load a module once and keep it. To load a user's file again after it was changed, its URL gets a version,
 * and what it imports from files of its own gets the same one. Packages and Regatta itself stay as they are: there must be
 * one zod and one RegattaError. The hook is there only while the file is loaded: on Deno (2.9), while there is one, `require`
 * finds no ES module.
 */
export interface Reload {
  /** Another number loads the files again. */
  readonly version: number
  /** Paths of the user's files that were loaded are added here. */
  readonly files: Set<string>
}

const mark = /[?&]regatta-version=(\d+)$/

/** Imports a file under a version. Rejects with what the import rejects with. */
export async function importAnew(file: string, { version, files }: Reload): Promise<Record<string, unknown>> {
  const href = versioned(pathToFileURL(file).href, version)
  files.add(file)
  const { cache } = createRequire(import.meta.url)
  // CommonJS is kept by its path.
  for (const path of files) delete cache[path]
  // Absent in older runtimes, whatever the types say: there only the file itself is loaded again.
  if (typeof (module as { registerHooks?: unknown }).registerHooks !== 'function') return import(href)
  const hooks = module.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      const isOfThis = mark.exec(context.parentURL ?? '')?.[1] === String(version)
      if (!isOfThis || !isOfUser(found.url)) return found
      files.add(fileURLToPath(found.url))
      return mark.test(found.url) ? found : { ...found, url: versioned(found.url, version) }
    },
  })
  try {
    return await import(href)
  } finally {
    hooks.deregister()
  }
}

function versioned(href: string, version: number): string {
  return `${href}?regatta-version=${version}`
}

function isOfUser(url: string): boolean {
  return url.startsWith('file:') && !/\/node_modules\//.test(url) && !url.startsWith(ownFolder)
}

/** Of Regatta: src when unbuilt, dist/src in the package. */
const ownFolder = new URL('..', import.meta.url).href
