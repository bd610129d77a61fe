import { existsSync, realpathSync, statSync } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nearest } from '../base/nearest.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Source } from '../contracts/source.ts'
import { isSource, problemOf, sourceOf } from '../source/define-source.ts'
import { loadModule } from './load-module.ts'
import type { Reload } from './reloading.ts'
import { findFolderFile, findPackageFile, howToInstall, isPackage, whyNotStripped } from './source-package.ts'

/**
 * From what a person types to a source: a URL (then it is `site`, starting there), the name of a plugin that comes with
 * Regatta, a file, or a package. Plugins are imported when asked for, so a dozen of them cost nothing.
 */
export interface FoundSource {
  readonly source: Source
  /** Params that the name implies; the user's own go over them. */
  readonly params: Readonly<Record<string, unknown>>
  /** The file that it stands in; undefined of one that comes with Regatta. */
  readonly file?: string
  /** Texts of its own that may name variables of the environment. Default: none. */
  readonly names?: readonly string[]
}

const plugins: Record<string, () => Promise<Source>> = {
  site: async () => (await import('../../plugins/site.ts')).site,
  quotes: async () => (await import('../../plugins/quotes.ts')).quotes,
  list: async () => (await import('../../plugins/list.ts')).list,
  'json-api': async () => (await import('../../plugins/json-api.ts')).jsonApi,
  openlibrary: async () => (await import('../../plugins/openlibrary.ts')).openlibrary,
  'yahoo-finance': async () => (await import('../../plugins/yahoo-finance.ts')).yahooFinance,
  stooq: async () => (await import('../../plugins/stooq.ts')).stooq,
  fred: async () => (await import('../../plugins/fred.ts')).fred,
  coingecko: async () => (await import('../../plugins/coingecko.ts')).coingecko,
}

/**
 * `what` is a URL, a name, a path such as `./my-source.ts`, or a package; `./mine.ts#name` and `package#name` pick one of
 * several. Paths are relative to `directory`, and packages are those installed there. `reload` loads a file again
 * that was loaded before. Throws SOURCE_UNKNOWN, naming what there is, or SOURCE_INVALID, saying why.
 */
export async function findSource(what: string, directory = '.', reload?: Reload): Promise<FoundSource> {
  if (/^https?:\/\//i.test(what)) return { source: await plugins.site!(), params: { start: what } }
  const plugin = Object.hasOwn(plugins, what) ? plugins[what] : undefined
  if (plugin) return { source: await plugin(), params: {} }
  const place = placeOf(what, directory)
  if (isInterface(place)) return readInterface(place.file)
  return { source: onlySourceOf(await importFrom(place, reload)), params: {}, file: place.file }
}

/** The plugins that come with Regatta. */
export async function listSources(): Promise<readonly Source[]> {
  return Promise.all(Object.values(plugins).map((load) => load()))
}

/** Where a source stands. */
interface Place {
  readonly what: string
  readonly file: string
  /** As it was typed, without the name behind it. */
  readonly path: string
  /** The name behind it. */
  readonly wanted: string | undefined
}

function placeOf(what: string, directory: string): Place {
  const [typed = '', wanted] = what.split('#')
  const path = typed.replace(/^npm:/, '')
  const isNamed = isPackage(path)
  const isPath =
    /^(\.{0,2}[\\/]|\.{1,2}$|[a-z]:[\\/]|file:)/i.test(path) || /\.(?:[cm]?[jt]s|json)$/.test(path)
  const named = path.startsWith('file:') ? fileURLToPath(path) : resolve(directory, path)
  const isFolder = isPath && statSync(named, { throwIfNoEntry: false })?.isDirectory() === true
  const file = (isFolder ? findFolderFile(named) : undefined) ?? named
  // A package may be called chart.js.
  if (isPath && (!isNamed || existsSync(file))) return { what, file, path, wanted }
  const found = isNamed ? findPackageFile(path, resolve(directory)) : undefined
  if (found !== undefined) return { what, file: found, path, wanted }
  if (isPath) return { what, file, path, wanted }
  throw unknownSource(what, path, directory)
}

/** A file of JSON that says how an interface is asked. */
function isInterface({ file }: Place): boolean {
  return file.endsWith('.json')
}

async function readInterface(file: string): Promise<FoundSource> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const sentence = `There is no file ${file} to read a source from.`
    throw new RegattaError('SOURCE_UNKNOWN', sentence, { value: { source: file }, cause })
  })
  let declared: unknown
  try {
    declared = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw invalid(file, `it is not JSON: ${messageOf(error)}`)
  }
  const { defineJsonApi } = await import('../../plugins/json-api.ts')
  return {
    source: defineJsonApi(declared as Parameters<typeof defineJsonApi>[0], file),
    params: {},
    file,
    names: [text],
  }
}

function unknownSource(what: string, path: string, directory: string): RegattaError {
  const names = Object.keys(plugins)
  const site = what.includes('.') && URL.canParse(`https://${what}`) ? `https://${what}` : undefined
  const meant = site ?? nearest(what, names)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  const isName = isPackage(path) && site === undefined
  const install = isName
    ? `; as a package it is not installed in ${resolve(directory)} (${howToInstall(path)})`
    : ''
  return new RegattaError(
    'SOURCE_UNKNOWN',
    `There is no source "${what}". Known are ${names.join(', ')}; a file starts with ./ and a site with https://${install}.${hint}`,
    { value: { source: what } },
  )
}

function onlySourceOf({ path, exported, wanted, file }: Imported): Source {
  if (wanted !== undefined) return chosen(file, exported, wanted)
  if (isSource(exported.default)) return sourceOf(exported.default)
  const names = sourceNames(exported)
  if (names.length === 1) return sourceOf(exported[names[0]!])
  if (names.length > 1) throw invalid(file, `it exports several sources; choose one with ${path}#${names[0]}`)
  throw invalid(file, whyNone(exported))
}

/** All sources that a name, a file or a package stands for. Throws as `findSource` does. */
export async function sourcesIn(what: string, directory: string): Promise<readonly Source[]> {
  return (await findSources(what, directory)).map(({ source }) => source)
}

/** The same, each with its file. */
export async function findSources(what: string, directory: string): Promise<readonly FoundSource[]> {
  if (/^https?:\/\//i.test(what) || Object.hasOwn(plugins, what)) return [await findSource(what, directory)]
  const place = placeOf(what, directory)
  if (isInterface(place)) return [await readInterface(place.file)]
  const { file, exported, wanted } = await importFrom(place)
  const found = (source: Source): FoundSource => ({ source, params: {}, file })
  if (wanted !== undefined) return [found(chosen(file, exported, wanted))]
  const names = sourceNames(exported)
  if (names.length === 0) throw invalid(file, whyNone(exported))
  return [...new Set(names.map((name) => exported[name]))].map((each) => found(sourceOf(each)))
}

/** The file that `what` means; undefined of a source that comes with Regatta. Throws SOURCE_UNKNOWN. */
export function sourceFile(what: string, directory: string): string | undefined {
  if (/^https?:\/\//i.test(what) || Object.hasOwn(plugins, what)) return undefined
  return placeOf(what, directory).file
}

/** The names of the plugins that come with Regatta. */
export const pluginNames: readonly string[] = Object.keys(plugins)

function sourceNames(exported: Exports): string[] {
  return Object.keys(exported).filter((name) => isSource(exported[name]))
}

function chosen(file: string, exported: Exports, wanted: string): Source {
  if (!Object.hasOwn(exported, wanted)) throw invalid(file, `it does not export "${wanted}"`)
  const problem = problemOf(exported[wanted])
  if (problem !== undefined) throw invalid(file, problem)
  return sourceOf(exported[wanted])
}

type Exports = Readonly<Record<string, unknown>>

interface Imported extends Place {
  readonly exported: Exports
}

async function importFrom(place: Place, reload?: Reload): Promise<Imported> {
  const { file, what } = place
  await access(file).catch((cause) => {
    throw new RegattaError('SOURCE_UNKNOWN', `There is no file ${file} to read a source from.`, {
      value: { source: what },
      cause,
    })
  })
  if (statSync(file).isDirectory()) {
    throw invalid(file, 'it is a folder without package.json and index; name the file in it')
  }
  const why = whyNotStripped(realpathSync(file))
  if (why !== undefined) throw invalid(file, why)
  return { ...place, exported: unfold(await loadModule(file, reload)) }
}

/** What a CommonJS file exports stands in its `default`, and beside that only as far as Node can guess it. */
function unfold(exported: Exports): Exports {
  const { default: inner } = exported
  if (typeof inner !== 'object' || inner === null || isSource(inner)) return exported
  return { ...exported, ...inner }
}

/** One export that is nearly a source is most likely the one that was meant. */
function whyNone(exported: Record<string, unknown>): string {
  const objects = Object.values(exported).filter((value) => typeof value === 'object' && value !== null)
  const problem = objects.length === 1 ? problemOf(objects[0]) : undefined
  return problem ?? 'it exports no source; export one made with defineSource'
}

function invalid(file: string, why: string): RegattaError {
  return new RegattaError('SOURCE_INVALID', `${file} is no source: ${why}.`, { value: { source: file } })
}
