import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { createTerminal } from '../cli/terminal.ts'

/** What a command line names: the command, and its flags. */
function unknownIn(line: string, program: Command): string[] {
  const [, ...words] = line.split(' ')
  let command = program
  while (words.length > 0) {
    const below = command.commands.find((each) => each.name() === words[0])
    if (!below) break
    command = below
    words.shift()
  }
  const flags = words.filter((word) => word.startsWith('--'))
  const known = new Set(command.options.map(({ long }) => long))
  return [...(command === program ? [line] : []), ...flags.filter((flag) => !known.has(flag))]
}

test('every command of the comparison with other kits is one that there is', async () => {
  const text = await readFile('docs/kit.md', 'utf8')
  const lines = [...text.matchAll(/`(regatta [^`]+)`/g)].map(([, line]) => line!)
  expect(lines.length).toBeGreaterThan(20)
  const program = createProgram(createTerminal().io, () => {})
  expect(lines.flatMap((line) => unknownIn(line, program))).toEqual([])
  expect(unknownIn('regatta crawl x --no-such-flag', program)).toEqual(['--no-such-flag'])
  expect(unknownIn('regatta fly x', program)).toEqual(['regatta fly x'])
})
