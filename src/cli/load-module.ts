import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { FailureSpot } from '../contracts/frontier.ts'
import { spotOf } from '../source/spot.ts'
import { importAnew, type Reload } from './reloading.ts'

/**
 * Imports a user's file. Throws SOURCE_INVALID, naming file and line of what is wrong, also in a file that it imports. A
 * runtime keeps what it has loaded; with `reload` it is loaded again.
 */
export async function loadModule(file: string, reload?: Reload): Promise<Record<string, unknown>> {
  const { href } = pathToFileURL(file)
  try {
    return reload ? await importAnew(file, reload) : await import(href)
  } catch (cause) {
    const { where, stack } = cause instanceof SyntaxError ? syntaxSpot(cause, href) : spotOf(cause)
    const place = where === undefined ? '' : ` (${where})`
    throw new RegattaError(
      'SOURCE_INVALID',
      `${file} cannot be loaded: ${stripVTControlCharacters(messageOf(cause))}${place}`,
      {
        value: { source: file, ...(where !== undefined && { where }), ...(stack !== undefined && { stack }) },
        cause,
      },
    )
  }
}

/**
 * A syntax error has no frame in the file. Node puts the place before the stack, but for plain JavaScript only when nobody
 * has caught the error: then another process has to say it. Nothing of the module runs there either.
 */
function syntaxSpot(error: SyntaxError, href: string): FailureSpot {
  const said = placeIn(error.stack ?? '')
  if (said || process.versions.deno !== undefined) return said ?? {}
  const script = `import(${JSON.stringify(href)})`
  const options = { encoding: 'utf8', timeout: 10_000 } as const
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], options)
  return placeIn(stderr ?? '') ?? {}
}

/** `file:line`, the line, and a mark below the place. */
function placeIn(text: string): FailureSpot | undefined {
  const found = /^((?:file:|\/|[a-z]:\\)[^\n]*?):(\d+)\n([^^]*?\n)?([^\n]*\n)([ \t]*)(\^+)/i.exec(text)
  if (!found) return undefined
  const [, file = '', line = '', , code = '', indent = '', mark = ''] = found
  const path = file.startsWith('file:') ? fileURLToPath(file) : file
  // The excerpt may begin a line or two before the one that is named.
  return { where: `${path}:${line}:${indent.length + 1}`, stack: `${code.trimEnd()}\n${indent}${mark}` }
}
