import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RegattaError } from '../contracts/errors.ts'
import type { Source } from '../contracts/source.ts'
import { isSource, problemOf, sourceOf } from '../source/define-source.ts'
import { loadModule } from './load-module.ts'

/**
 * From what a person types to a source: a URL (then it is `site`, starting there), the name of a plugin that comes with
 * Regatta, or a file. Plugins are imported when asked for, so a dozen of them cost nothing.
 */
export interface FoundSource {
  readonly source: Source
  /** Params that the name implies; the user's own go over them. */
  readonly params: Readonly<Record<string, unknown>>
}

const plugins: Record<string, () => Promise<Source>> = {
  site: async () => (await import('../../plugins/site.ts')).site,
  quotes: async () => (await import('../../plugins/quotes.ts')).quotes,
  'json-api': async () => (await import('../../plugins/json-api.ts')).jsonApi,
}

/**
 * `what` is a URL, a name, or a path such as `./my-source.ts`; `./mine.ts#name` picks one of several sources in a file.
 * Paths are relative to `directory`. Throws SOURCE_UNKNOWN, naming what there is, or SOURCE_INVALID, saying why.
 */
export async function findSource(what: string, directory = '.'): Promise<FoundSource> {
  if (/^https?:\/\//i.test(what)) return { source: await plugins.site!(), params: { start: what } }
  if (isPath(what)) return { source: await importSource(what, directory), params: {} }
  const plugin = Object.hasOwn(plugins, what) ? plugins[what] : undefined
  if (plugin) return { source: await plugin(), params: {} }
  const names = Object.keys(plugins).join(', ')
  const hint = what.includes('.') && URL.canParse(`https://${what}`) ? ` Did you mean https://${what}?` : ''
  throw new RegattaError(
    'SOURCE_UNKNOWN',
    `There is no source "${what}". Known are ${names}; a file starts with ./ and a site with https://.${hint}`,
    { value: { source: what } },
  )
}

/** The plugins that come with Regatta. */
export async function listSources(): Promise<readonly Source[]> {
  return Promise.all(Object.values(plugins).map((load) => load()))
}

function isPath(what: string): boolean {
  return /^(\.{0,2}\/|file:)/.test(what) || /\.[cm]?[jt]s(#[\w$]+)?$/.test(what)
}

async function importSource(what: string, directory: string): Promise<Source> {
  const { file, path, exported, wanted } = await importFile(what, directory)
  if (wanted !== undefined) return chosen(file, exported, wanted)
  if (isSource(exported.default)) return sourceOf(exported.default)
  const names = sourceNames(exported)
  if (names.length === 1) return sourceOf(exported[names[0]!])
  if (names.length > 1) throw invalid(file, `it exports several sources; choose one with ${path}#${names[0]}`)
  throw invalid(file, whyNone(exported))
}

/** All sources that a name or a file stands for. Throws as `findSource` does. */
export async function sourcesIn(what: string, directory: string): Promise<readonly Source[]> {
  if (!isPath(what)) return [(await findSource(what, directory)).source]
  const { file, exported, wanted } = await importFile(what, directory)
  if (wanted !== undefined) return [chosen(file, exported, wanted)]
  const names = sourceNames(exported)
  if (names.length === 0) throw invalid(file, whyNone(exported))
  return [...new Set(names.map((name) => exported[name]))].map(sourceOf)
}

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

interface Imported {
  readonly file: string
  /** As it was typed, without the name behind it. */
  readonly path: string
  readonly exported: Exports
  /** The name behind it. */
  readonly wanted: string | undefined
}

async function importFile(what: string, directory: string): Promise<Imported> {
  const [path = '', wanted] = what.split('#')
  const file = path.startsWith('file:') ? fileURLToPath(path) : resolve(directory, path)
  await access(file).catch((cause) => {
    throw new RegattaError('SOURCE_UNKNOWN', `There is no file ${file} to read a source from.`, {
      value: { source: what },
      cause,
    })
  })
  return { file, path, exported: unfold(await loadModule(file)), wanted }
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
