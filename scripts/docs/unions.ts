import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './declarations.ts'

/** A member of a union of texts, with the comment behind it: `| 'dial' // TCP to the proxy`. */
export interface Choice {
  readonly name: string
  readonly meaning: string
}

/**
 * The members of an exported union of texts, each on a line of its own. Comments of a whole group are left out. The
 * compiler drops such comments from its declarations, so the source is read; a line that does not fit is an error.
 */
export function readUnion(file: string, name: string): Choice[] {
  const text = readFileSync(join(root, file), 'utf8')
  const begin = text.indexOf(`export type ${name} =\n`)
  if (begin === -1) throw new Error(`${file} has no union "${name}" with a line for each member.`)
  const lines = text.slice(begin).split('\n').slice(1)
  const choices: Choice[] = []
  for (const line of lines) {
    if (line.trim() === '') break
    if (/^ {2}\/\/ /.test(line)) continue
    const [, choice, meaning] = /^ {2}\| '([\w-]+)'(?: \/\/ (.+))?$/.exec(line) ?? []
    if (choice === undefined) throw new Error(`${file}: this member of "${name}" is not understood: ${line}`)
    choices.push({ name: choice, meaning: meaning ?? '' })
  }
  return choices
}
