import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'
import { messageOf } from '../contracts/errors.ts'
import { type ConfigLayers, readConfig } from '../options/config.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { UsageError } from './command-failure.ts'
import { fileFrom } from './files.ts'
import type { Io } from './io.ts'
import { loadModule } from './load-module.ts'

/**
 * The configuration file of a command: `regatta.config.ts`, `.js` or `.json` in the working directory, or the one that
 * `--config` names. Paths in it start where it lies. Secrets stand in the environment: a module reads `process.env`, and in
 * JSON `${NAME}` is replaced.
 */
export interface ConfigFlags {
  /** A file; false with `--no-config`. Default: the one in the working directory, if there is one. */
  readonly config?: string | boolean
  readonly profile?: string
}

export interface LoadedConfig extends ConfigLayers {
  /** As it is shown; undefined where there is no file. */
  readonly place: string | undefined
}

export const configNames = ['ts', 'mts', 'js', 'mjs', 'json'].map((end) => `regatta.config.${end}`)

/** Throws UsageError for what cannot be found, OPTION_INVALID for what is wrong in it. */
export async function loadConfig(
  { config, profile }: ConfigFlags,
  { cwd, env }: Pick<Io, 'cwd' | 'env'>,
): Promise<LoadedConfig> {
  const path = config === false ? undefined : typeof config === 'string' ? named(config, cwd) : present(cwd)
  if (path === undefined) {
    if (profile !== undefined)
      throw new UsageError(
        `There is no configuration with a profile "${profile}": ${config === false ? 'leave out --no-config' : 'regatta init writes a regatta.config.ts here, and --config FILE names one elsewhere'}.`,
      )
    return { file: {}, profile: {}, place: undefined }
  }
  const place = relative(cwd, path) || basename(path)
  const found = extname(path) === '.json' ? await readJson(path, place, env) : await readModule(path, place)
  const layers = readConfig(found, profile, place)
  const dir = dirname(path)
  return { file: from(dir, layers.file), profile: from(dir, layers.profile), place }
}

function named(file: string, cwd: string): string {
  const path = resolve(cwd, file)
  if (!existsSync(path)) throw new UsageError(`There is no configuration file ${file}.`)
  if (!/\.(json|[mc]?[jt]s)$/.test(path))
    throw new UsageError(`A configuration is a .ts, .js or .json file, and ${file} is none.`)
  return path
}

function present(cwd: string): string | undefined {
  const found = configNames.filter((name) => existsSync(resolve(cwd, name)))
  if (found.length > 1)
    throw new UsageError(`There are ${found.join(' and ')} here: say which with --config, or keep one.`)
  return found[0] === undefined ? undefined : resolve(cwd, found[0])
}

async function readModule(path: string, place: string): Promise<unknown> {
  const module = await loadModule(path)
  if ('default' in module) return module.default
  throw new UsageError(`${place} exports nothing by default: write export default defineConfig({ … }).`)
}

async function readJson(path: string, place: string, env: Io['env']): Promise<unknown> {
  const text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    // What stands there may be a password: the place alone is told.
    const [, line] = /line (\d+)/.exec(messageOf(error)) ?? []
    const [, at] = /position (\d+)/.exec(messageOf(error)) ?? []
    const row = line ?? (at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length)
    throw new UsageError(
      `${place} is no JSON${row === undefined ? '' : `: see line ${row}`}. Comments and commas at the end belong in a regatta.config.ts.`,
    )
  }
  return withEnvironment(found, env, place, '')
}

const variable = /\$\{([A-Za-z_]\w*)\}/g

function withEnvironment(value: unknown, env: Io['env'], place: string, path: string): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(variable, (_, name: string) => {
      const found = env[name]
      if (found !== undefined && found !== '') return found
      throw new UsageError(
        `${place}: "${path}" needs the variable ${name}, which is not set in the environment.`,
      )
    })
  }
  const inside = (key: string | number) => (path === '' ? String(key) : `${path}.${key}`)
  if (Array.isArray(value)) return value.map((each, at) => withEnvironment(each, env, place, inside(at)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withEnvironment(each, env, place, inside(key))]),
  )
}

/** The options with their paths made whole. */
function from(dir: string, options: CrawlerOptions): CrawlerOptions {
  const { proxies, state, bodies } = options
  const at = <Place>(place: Place) => (typeof place === 'string' ? fileFrom(dir, place) : place)
  return {
    ...options,
    ...(proxies !== undefined && { proxies: Array.isArray(proxies) ? proxies.map(at) : at(proxies) }),
    ...(state !== undefined && { state: resolve(dir, state) }),
    ...(bodies?.dir !== undefined && { bodies: { ...bodies, dir: resolve(dir, bodies.dir) } }),
  }
}
