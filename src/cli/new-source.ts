import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sinkFailed } from '../sink/sink-failure.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/** `regatta new source <name>`: a plugin that runs as it stands, to be changed line by line. Never overwrites. */
export async function newSourceCommand(name: string, options: { dir?: string }, io: Io): Promise<ExitCode> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new UsageError(
      `"${name}" cannot name a source: use small letters, digits and hyphens, a letter first.`,
    )
  }
  const dir = options.dir ?? '.'
  const end = (await isCommonJs(resolve(io.cwd, dir))) ? 'mts' : 'ts'
  const shown = join(dir, `${name}.${end}`)
  const path = resolve(io.cwd, shown)
  try {
    await writeFile(path, sourceTemplate(name, end), { flag: 'wx' })
  } catch (error) {
    const present = error instanceof Error && (error as NodeJS.ErrnoException).code === 'EEXIST'
    if (present)
      throw new UsageError(`${shown} exists already and is left as it is; choose another name.`, {
        cause: error,
      })
    throw sinkFailed(shown, error)
  }
  const run = shown.startsWith('.') || shown.startsWith('/') ? shown : `./${shown}`
  io.stderr.write(
    `Wrote ${shown}. Try it: ${regatta(io)} crawl ${run} --direct --max-pages 3 --no-state --out - --param start=https://example.com/\n`,
  )
  return exitCodes.done
}

/** Where the nearest package does not say that its files are modules, only the end of a name can: `.mts`. */
async function isCommonJs(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const text = await readFile(join(at, 'package.json'), 'utf8').catch(() => undefined)
    if (text !== undefined) return !/"type"\s*:\s*"module"/.test(text)
    if (at === dirname(at)) return false
  }
}

/** The text of a new source. */
export function sourceTemplate(name: string, end: 'ts' | 'mts' = 'ts'): string {
  const variable = name.replace(/-+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase())
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
