import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { resolve as resolveAsNode } from 'import-meta-resolve'
import { RegattaError } from '../contracts/errors.ts'

/**
 * A source in a package: `regatta-source-shop`, `@scope/pkg`, `pkg/part`. It is looked for from the folder that the command
 * is typed in, as a program there would find it, and not from Regatta's own folder. Node's rules are followed
 * (`exports` and its conditions, `main`), on Deno too, which has them only for modules of its own project.
 */
const packageName = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i

/** Whether this may name a package, or an entry of one. */
export function isPackage(what: string): boolean {
  const { name } = partsOf(what)
  return packageName.test(name) && !what.includes('..')
}

/**
 * The file that the package gives; undefined where it is not installed there. Throws SOURCE_INVALID where it is, and gives
 * none.
 */
export function findPackageFile(what: string, directory: string): string | undefined {
  try {
    const { href } = pathToFileURL(join(directory, 'here.mjs'))
    const url = resolveAsNode(what, href)
    // `fs` is a module of the runtime, and no source.
    if (!url.startsWith('file:')) return undefined
    const file = fileURLToPath(url)
    if (existsSync(file)) return file
    throw withoutEntry(what, file)
  } catch (error) {
    if (error instanceof RegattaError) throw error
    const folder = folderOf(partsOf(what).name, directory)
    if (folder === undefined) return undefined
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw notExported(what, folder, error)
    throw withoutEntry(what, folder, error)
  }
}

/** The file that a folder with a package.json stands for, or one with an index; undefined where it is neither. */
export function findFolderFile(folder: string): string | undefined {
  const require = createRequire(join(folder, 'here.js'))
  const name = nameIn(folder)
  // A package knows itself by its name, where it has `exports`.
  const own =
    name === undefined
      ? undefined
      : tried(() => fileURLToPath(resolveAsNode(name, pathToFileURL(join(folder, 'here.mjs')).href)))
  if (own?.startsWith(join(folder, '/')) && existsSync(own)) return own
  const main = tried(() => require.resolve(folder))
  if (main !== undefined) return main
  return ['index.ts', 'index.mts', 'index.mjs'].map((each) => join(folder, each)).find(existsSync)
}

function nameIn(folder: string): string | undefined {
  const parsed = tried(
    () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown },
  )
  return typeof parsed?.name === 'string' ? parsed.name : undefined
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** How to get a package, in this runtime. */
export function howToInstall(what: string): string {
  const { name } = partsOf(what)
  return process.versions.deno === undefined ? `npm install ${name}` : `deno add npm:${name}`
}

/** Both runtimes take the types out of TypeScript, but not of what is installed. Why a file cannot be loaded for that. */
export function whyNotStripped(file: string): string | undefined {
  const isInstalled = /[\\/]node_modules[\\/]/.test(file) && /\.[cm]?tsx?$/.test(file)
  if (!isInstalled) return undefined
  return 'it is TypeScript inside node_modules, which Node and Deno do not load: its package has to ship JavaScript; or copy the file beside yours and name its path'
}

function partsOf(what: string): { readonly name: string; readonly entry: string } {
  const [first = '', second = '', ...rest] = what.split('/')
  const isScoped = what.startsWith('@')
  const entry = isScoped ? rest : [second, ...rest].filter((part) => part !== '')
  return { name: isScoped ? `${first}/${second}` : first, entry: ['.', ...entry].join('/') }
}

/** The nearest folder in which it is installed. */
function folderOf(name: string, directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(folder)) return folder
    if (at === dirname(at)) return undefined
  }
}

function notExported(what: string, folder: string, cause: unknown): RegattaError {
  const { name, entry } = partsOf(what)
  const lacks = entry === '.' ? 'gives nothing under its own name' : `has no entry "${entry.slice(2)}"`
  return invalid(what, `package "${name}" (${folder}) ${lacks}: see "exports" in its package.json`, cause)
}

function withoutEntry(what: string, place: string, cause?: unknown): RegattaError {
  const { name } = partsOf(what)
  return invalid(
    what,
    `package "${name}" is installed, but the file that it names is not there (${place}): it may not have been built`,
    cause,
  )
}

function invalid(what: string, why: string, cause: unknown): RegattaError {
  return new RegattaError('SOURCE_INVALID', `"${what}" is no source: ${why}.`, {
    value: { source: what },
    cause,
  })
}
