import { hidden, isSecretName, redact } from '../base/redact.ts'
import { layered } from '../options/config.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { parseOptions } from '../options/options.ts'
import { presets } from '../options/presets.ts'
import { loadConfig } from './config-file.ts'
import { type CrawlFlags, flagOptions } from './crawl-flags.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/**
 * `regatta config`: every option that holds here and where its value comes from: the default, a preset, the file, the
 * profile or a flag. Values of secrets are not shown.
 */
export async function configCommand(
  flags: CrawlFlags & { json?: true; all?: true },
  io: Io,
): Promise<ExitCode> {
  const config = await loadConfig(flags, io)
  const typed = flagOptions(flags)
  const given = layered(config, typed)
  const { ownIntervals: _made, ...options } = parseOptions(given)
  const preset = given.preset === undefined ? {} : presets[given.preset]
  const layers: readonly (readonly [string, CrawlerOptions])[] = [
    ['flag', typed],
    [`profile ${flags.profile ?? ''}`, config.profile],
    [config.place ?? 'file', config.file],
    [`preset ${given.preset ?? ''}`, preset as CrawlerOptions],
  ]
  const rows = [...leaves({ ...options, ...(given.preset && { preset: given.preset }) }, [])].map(
    ([path, value]) => {
      const from = layers.find(([, layer]) => says(layer, path))?.[0] ?? 'default'
      return { option: asTyped(path), value: shown(path, value), from }
    },
  )
  const wanted = flags.all ? rows : rows.filter(({ from }) => from !== 'default')
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(wanted, null, 2)}\n`)
    return exitCodes.done
  }
  io.stdout.write(
    `${config.place === undefined ? 'No configuration file here; regatta init writes one.' : `Configuration: ${config.place}`}\n`,
  )
  const wide = Math.max(0, ...wanted.map(({ option }) => option.length))
  for (const { option, value, from } of wanted) {
    io.stdout.write(`${option.padEnd(wide)}  ${JSON.stringify(value)}  (${from})\n`)
  }
  if (!flags.all) io.stdout.write('Everything else is as by default; --all shows it.\n')
  return exitCodes.done
}

/** As `--set` takes it: a name with dots of its own stands in brackets. */
function asTyped(path: readonly string[]): string {
  return path.map((key, at) => (key.includes('.') ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')
}

/** Objects are looked into; lists and what is no data are leaves. */
function* leaves(value: unknown, path: readonly string[]): Generator<[readonly string[], unknown]> {
  const isGroup =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  if (!isGroup || path[0] === 'env') {
    if (path[0] !== 'env' && value !== undefined) yield [path, value]
    return
  }
  for (const [key, each] of Object.entries(value as object)) yield* leaves(each, [...path, key])
}

/** Whether a layer has a value there, or for a group around it, such as `hedge: false`. */
function says(layer: unknown, path: readonly string[]): boolean {
  let at = layer
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return at !== undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at !== undefined
}

const secretPlaces = new Set(['headers', 'ca'])

function shown(path: readonly string[], value: unknown): unknown {
  if (path.some((key) => secretPlaces.has(key) || isSecretName(key))) return hidden
  if (Array.isArray(value)) return value.map((each) => shown(path, each))
  if (typeof value === 'string') return redact(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return value
  const { name } = value as { name?: unknown }
  if (
    Object.getPrototypeOf(value) === Object.prototype &&
    !Object.values(value).some((each) => typeof each === 'function')
  )
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown([...path, key], each)]))
  return typeof name === 'string' ? `an object named ${redact(name)}` : 'an object'
}
