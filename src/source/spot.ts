import { fileURLToPath } from 'node:url'
import { RegattaError } from '../contracts/errors.ts'
import type { FailureSpot } from '../contracts/frontier.ts'

/**
 * Where in a user's own code an error comes from, read from its stack. The first frame outside Regatta and outside other
 * packages is the line that its author can change; what stands between is only the way there.
 */
const longestStack = 4_000
/** In a bundle of CommonJS no file has a URL: then nothing is taken for ours. */
const here = import.meta.url as string | undefined
const ownFolder = here === undefined ? 'bundle:' : new URL('..', here).href

/** What is known of the place; empty where the error has no stack that leads into a file. */
export function spotOf(error: unknown): FailureSpot {
  const { selector, issues } = detailsOf(error)
  const frames = framesOf(error)
  const spot = frames.find(isUsers) ?? frames.find(({ file }) => !isOwn(file))
  const calls = frames.filter(({ file }) => !isOwn(file)).map(({ text }) => text)
  const stack = calls.join('\n').slice(0, longestStack)
  return {
    ...(spot && { where: `${pathOf(spot.file)}:${spot.line}:${spot.column}` }),
    ...(selector !== undefined && { selector }),
    ...(issues !== undefined && { issues }),
    ...(stack !== '' && { stack }),
  }
}

interface Frame {
  /** As the engine names it: a path or a URL. */
  readonly file: string
  readonly line: string
  readonly column: string
  /** The whole line, without the space before it. */
  readonly text: string
}

/** The frames that stand in files, with what the engine does by itself left out. */
function framesOf(error: unknown): Frame[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frames: Frame[] = []
  for (const line of stack.split('\n')) {
    const found = /^\s*at (?:.*\()?((?:file:|\/|[a-z]:[\\/]).*?):(\d+):(\d+)\)?$/i.exec(line)
    if (found) frames.push({ file: found[1]!, line: found[2]!, column: found[3]!, text: line.trim() })
  }
  return frames
}

function isUsers({ file }: Frame): boolean {
  return !isOwn(file) && !/[\\/]node_modules[\\/]/.test(file)
}

function isOwn(file: string): boolean {
  const href = file.startsWith('file:') ? file : `file://${file}`
  return href.startsWith(ownFolder)
}

function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file
}

/** What an error of the page's methods says beside its sentence. */
function detailsOf(error: unknown): Pick<FailureSpot, 'selector' | 'issues'> {
  if (!(error instanceof RegattaError)) return {}
  if (error.code === 'ITEM_INVALID') return { issues: error.value.issues }
  if (error.code !== 'SOURCE_FAILED' || error.value === undefined) return {}
  const { selector, issues } = error.value
  return { ...(selector !== undefined && { selector }), ...(issues !== undefined && { issues }) }
}
