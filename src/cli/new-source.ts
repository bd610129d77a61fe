import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { messageOf } from '../contracts/errors.ts'
import { sinkFailed } from '../sink/sink-failure.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { loadConfig } from './config-file.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import type { Guess } from './scaffold/guess.ts'

export interface NewSourceFlags extends Pick<CrawlFlags, 'proxies' | 'direct'> {
  readonly dir?: string
  /** A URL, a HAR file, or a file with a page. */
  readonly from?: string
  /** Which page of a HAR file, or where the page of a file came from. */
  readonly url?: string
}

/**
 * `regatta new source <name>`: a plugin that runs as it stands, to be changed line by line; with `--from` a first version that
 * reads that page, its test, and the page as a fixture. Never overwrites: all files are written, or none.
 */
export async function newSourceCommand(name: string, flags: NewSourceFlags, io: Io): Promise<ExitCode> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new UsageError(
      `"${name}" cannot name a source: use small letters, digits and hyphens, a letter first.`,
    )
  }
  const { dir = '.', from, url } = flags
  if (url !== undefined && from === undefined)
    throw new UsageError('--url says which page of --from is meant: give --from too.')
  const { isCommonJs, hasVitest } = await packageAt(resolve(io.cwd, dir))
  const place: Place = {
    name,
    dir,
    end: isCommonJs ? 'mts' : 'ts',
    runner: hasVitest ? 'vitest' : 'node:test',
  }
  const shown = join(dir, `${name}.${place.end}`)
  const run = shown.startsWith('.') || shown.startsWith('/') ? shown : `./${shown}`
  if (from === undefined) {
    await writeAll([[shown, sourceTemplate(name, place.end)]], io.cwd)
    io.stderr.write(
      `Wrote ${shown}. Try it: ${regatta(io)} crawl ${run} --direct --max-pages 3 --no-state --out - --param start=https://example.com/\n`,
    )
    return exitCodes.done
  }
  await assertNew(filesOf(place), io.cwd)
  const guess = await guessed(place, { ...flags, from }, io)
  const { found, fields, next } = guess
  const leads = next === undefined ? 'no link to a next page was found' : 'the next page is followed'
  io.stderr.write(
    `Wrote ${filesOf(place).slice(0, 3).join(', ')}: ${found}; ${fields.map((field) => field.name).join(', ') || 'no fields'}; ${leads}.\n` +
      `It is a guess. Try it: ${regatta(io)} try ${run}, and check it: ${regatta(io)} check ${run}\n`,
  )
  return exitCodes.done
}

interface Place {
  readonly name: string
  readonly dir: string
  readonly end: 'ts' | 'mts'
  readonly runner: 'vitest' | 'node:test'
}

/** The source, its test, its fixture and what is expected of it. */
function filesOf({ name, dir, end }: Place): [string, string, string, string] {
  const fixture = join(dir, 'fixtures', name, 'first')
  return [
    join(dir, `${name}.${end}`),
    join(dir, `${name}.test.${end}`),
    `${fixture}.har`,
    `${fixture}.expected.json`,
  ]
}

async function guessed(
  place: Place,
  flags: NewSourceFlags & { readonly from: string },
  io: Io,
): Promise<Guess> {
  const { name, end, runner } = place
  const { findSpecimen } = await import('./scaffold/specimen.ts')
  const { readOptions } = await import('./read-options.ts')
  const { from, url } = flags
  const { proxies, direct } = flags
  // Everything else is as by default, or as the configuration file has it.
  const given: CrawlFlags = {
    ...{ traps: true, politeness: true, logLevel: 'info' },
    ...(proxies && { proxies }),
    ...(direct && { direct }),
  }
  const options = async () => readOptions(given, await loadConfig(given, io), io)
  const { exchange } = await findSpecimen({ from, url, cwd: io.cwd, now: systemClock.wall(), options })
  const { guessFrom } = await import('./scaffold/guess-source.ts')
  const { guess, title } = guessFrom(exchange)
  const { sourceText } = await import('./scaffold/source-text.ts')
  const { testText } = await import('./scaffold/test-text.ts')
  const { writeHar } = await import('../har/write-har.ts')
  const variable = variableOf(name)
  const description = title === '' ? `What ${new URL(exchange.url).host} lists` : title.slice(0, 80)
  const [source, test, har, expected] = filesOf(place)
  const comment = `Recorded from ${from} for the source ${name}.`
  const texts: [string, string][] = [
    [source, sourceText(guess, { name, variable, url: exchange.url, description })],
    [test, testText({ variable, name, end, runner })],
    [har, writeHar([exchange], { comment })],
  ]
  await writeAll(texts, io.cwd)
  await expectWhatComes([source, har, expected], io)
  return guess
}

/** What the new source makes of its page is what is expected of it from now on. */
async function expectWhatComes([source, har, expected]: [string, string, string], io: Io): Promise<void> {
  const { findSource } = await import('./registry.ts')
  const { testSource } = await import('../testing/test-source.ts')
  try {
    const { source: made } = await findSource(resolve(io.cwd, source), io.cwd)
    await testSource(made, resolve(io.cwd, har), { update: true })
  } catch (error) {
    const detail = messageOf(error)
    io.stderr.write(`regatta: ${expected} is not written, because the guess does not run yet: ${detail}\n`)
  }
}

/** Before anything is asked for. */
async function assertNew(paths: readonly string[], cwd: string): Promise<void> {
  for (const path of paths) {
    const isThere = await readFile(resolve(cwd, path)).then(
      () => true,
      () => false,
    )
    if (isThere) throw isPresent(path)
  }
}

/** All of them, or none. */
async function writeAll(
  files: readonly (readonly [path: string, text: string])[],
  cwd: string,
): Promise<void> {
  const written: string[] = []
  for (const [shown, text] of files) {
    const path = resolve(cwd, shown)
    try {
      if (files.length > 1) await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: 'wx' })
      written.push(path)
    } catch (error) {
      for (const each of written) await rm(each, { force: true })
      const present = error instanceof Error && (error as NodeJS.ErrnoException).code === 'EEXIST'
      throw present ? isPresent(shown, error) : sinkFailed(shown, error)
    }
  }
}

function isPresent(shown: string, cause?: unknown): UsageError {
  return new UsageError(`${shown} exists already and is left as it is; choose another name.`, { cause })
}

/** Where the nearest package does not say that its files are modules, only the end of a name can: `.mts`. */
async function packageAt(folder: string): Promise<{ isCommonJs: boolean; hasVitest: boolean }> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, 'package.json'), 'utf8').catch(() => undefined)
    if (text !== undefined)
      return { isCommonJs: !/"type"\s*:\s*"module"/.test(text), hasVitest: /"vitest"\s*:/.test(text) }
    if (at === dirname(at)) return { isCommonJs: false, hasVitest: false }
  }
}

function variableOf(name: string): string {
  const variable = name.replace(/-+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase())
  return reserved.has(variable) ? `${variable}Source` : variable
}

/** Words that cannot name a constant of a module. */
const reserved = new Set(
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield z item'.split(
    ' ',
  ),
)

/** The text of a new source. */
export function sourceTemplate(name: string, end: 'ts' | 'mts' = 'ts'): string {
  const variable = variableOf(name)
  return `import { defineSource } from 'regatta'
import { z } from 'zod'

/** What this crawls, and whose terms allow it. */
export const ${variable} = defineSource({
  name: '${name}',
  description: 'One line for \`regatta sources\`',
  /** What a user may set: regatta crawl ./${name}.${end} --param start=https://example.com/ */
  params: z.object({ start: z.url() }),
  /** What comes out. An item that does not fit is set aside, and the crawl goes on. */
  item: z.object({ url: z.string(), title: z.string() }),
  *seeds({ start }) {
    yield start
  },
  *parse(page) {
    yield page.item({ url: page.url, title: page.$('title').first().text().trim() })
    const links = page.$('a[rel="next"]').map((_, link) => page.$(link).attr('href')).get()
    yield page.follow(links)
  },
})
`
}
