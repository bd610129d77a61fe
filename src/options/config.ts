import { nearest } from '../base/nearest.ts'
import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import { type CrawlerOptions, parseOptions } from './options.ts'
import { mergeOptions } from './presets.ts'

/**
 * A configuration: the options of a crawler, written down once, and profiles that go over them. What a file exports is
 * foreign until it is read here: each part is parsed as createCrawler would, so that a slip in a profile that nobody has
 * used yet is found too, and the path of the wrong value is named.
 */
export interface Config extends CrawlerOptions {
  /** Options that go over those beside them, by the name that `--profile` takes. Default: none. */
  profiles?: Record<string, CrawlerOptions> | undefined
}

/** Gives a configuration back as it is, with its types known: for `regatta.config.ts`. */
export function defineConfig(config: Config): Config {
  return config
}

/** The layers of a configuration, the lowest first. */
export interface ConfigLayers {
  readonly file: CrawlerOptions
  /** Empty when no profile was asked for. */
  readonly profile: CrawlerOptions
}

/**
 * Throws OPTION_INVALID with the path of the first wrong value, or naming the profiles there are. `place` is what the
 * message begins with: the name of the file.
 */
export function readConfig(found: unknown, profile: string | undefined, place: string): ConfigLayers {
  if (!isPlain(found)) {
    throw invalid(place, '', 'expected an object of options, such as { proxies: "proxies.txt" }')
  }
  const { profiles = {}, ...own } = found
  if (!isPlain(profiles))
    throw invalid(place, 'profiles', 'expected an object: a name for each set of options')
  check(own, '', place)
  for (const [name, options] of Object.entries(profiles)) {
    if (!isPlain(options)) throw invalid(place, `profiles.${name}`, 'expected an object of options')
    check(options, `profiles.${name}.`, place)
  }
  if (profile === undefined) return { file: own, profile: {} }
  if (Object.hasOwn(profiles, profile)) return { file: own, profile: profiles[profile] as CrawlerOptions }
  throw invalid(place, 'profiles', noProfile(profile, Object.keys(profiles)))
}

/** The options that hold: the flags over the profile over the file. */
export function layered({ file, profile }: ConfigLayers, flags: CrawlerOptions): CrawlerOptions {
  return mergeOptions(mergeOptions(file, profile), flags)
}

/** Where a message of OPTION_INVALID names an option: what is wrong, and what was meant. */
const paths = /^Option "|(?<=there is no such option\. )Did you mean "/g

function check(options: Record<string, unknown>, prefix: string, place: string): void {
  try {
    parseOptions(options)
  } catch (error) {
    if (!(error instanceof RegattaError) || error.code !== 'OPTION_INVALID') throw error
    const { path = '' } = (error.value ?? {}) as { path?: string }
    const message = error.message.replace(paths, (mark) => `${mark}${prefix}`)
    throw new RegattaError('OPTION_INVALID', `${place}: ${message}`, {
      value: { ...(error.value as object), path: `${prefix}${path}` } as { path: string },
      cause: error,
    })
  }
}

function noProfile(asked: string, known: readonly string[]): string {
  const shown = redact(asked).slice(0, 60)
  if (known.length === 0) return `there is no profile "${shown}", because there are none`
  const meant = nearest(asked, known)
  return `there is no profile "${shown}"${meant === undefined ? '' : `; did you mean "${meant}"`}; there are ${known.join(', ')}`
}

function invalid(place: string, path: string, what: string): RegattaError {
  const option = path === '' ? '' : `Option "${path}": `
  return new RegattaError('OPTION_INVALID', `${place}: ${option}${what}.`, { value: { path } })
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value !== 'function'
}
