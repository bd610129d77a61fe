import type { Command, Option } from 'commander'
import { exitCodes, type Io } from '../../src/cli/io.ts'
import { createProgram } from '../../src/cli/program.ts'
import { type Blocks, code, list, sentence, table } from './blocks.ts'

/** The command line, from the program that parses it. Nothing of it is run, so it needs no world. */
const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'Done, and nothing was given up. A page that is not there (404, 410) is an answer.',
  failed: 'It was tried, and failed.',
  usage: 'The command line is wrong, and nothing was tried.',
  incomplete:
    'Done, but pages were given up, or items set aside: `regatta dead list` shows which, and why; or pages are contested ([trust](trust.md)).',
  unexpected: 'Done, but something that `--expect` asks for was missed. It goes over 3.',
  interrupted: 'It was stopped by Ctrl-C or a signal. What was done is kept.',
}

export function readCommands(): Command[] {
  return withSubcommands(createProgram({ stdout: {}, stderr: {} } as Io, () => {})).filter(
    (command) => command.commands.length === 0,
  )
}

export function cliBlocks(): Blocks {
  const commands = readCommands()
  const summary = commands.map((command) => [
    code(usageOf(command)),
    sentence(command.summary() || command.description()),
  ])
  return {
    commands: table(['command', 'what it does'], summary),
    flags: commands.map((command) => section(command, commands[0]!)).join('\n\n'),
    'exit-codes': table(
      ['code', 'meaning'],
      Object.entries(exitCodes).map(([name, value]) => [
        code(String(value)),
        meanings[name as keyof typeof exitCodes],
      ]),
    ),
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

/** What a command takes. One that takes nearly all that `crawl` takes says so. */
function section(command: Command, crawl: Command): string {
  const given = command.registeredArguments
    .filter((argument) => argument.description !== '')
    .map((argument) => `${code(argument.name())}: ${argument.description}.`)
  const shown = command.options.filter((option) => !option.hidden)
  const isOf = (others: readonly Option[]) => (option: Option) =>
    others.some(({ flags }) => flags === option.flags)
  const left = crawl.options.filter((option) => !isOf(shown)(option))
  const isAlike = command !== crawl && left.length < crawl.options.length / 2
  const flags = isAlike ? shown.filter((option) => !isOf(crawl.options)(option)) : shown
  const without = left.length === 0 ? '' : `, but for ${list(left.map(({ flags }) => flags))},`
  const likeCrawl = `It takes the flags of ${code('crawl')}${without} and:`
  const parts = [
    `### ${pathOf(command)}`,
    [sentence(command.description()), ...given].join(' '),
    ...(isAlike ? [likeCrawl] : []),
    flags.length === 0 ? 'It has no flags.' : table(['flag', 'meaning'], flags.map(flagRow)),
  ]
  return parts.join('\n\n')
}

function flagRow(option: Option): string[] {
  const choices = option.argChoices ? ` One of ${option.argChoices.map(code).join(', ')}.` : ''
  // `--no-x` has a default that commander made up: the flag is not given.
  const hasDefault = option.defaultValue !== undefined && !option.negate
  const standard = hasDefault ? ` Default ${code(String(option.defaultValue))}.` : ''
  return [code(option.flags), sentence(option.description) + choices + standard]
}

/** Such as `proxies check <file|url|->`. */
function usageOf(command: Command): string {
  const given = command.registeredArguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}…` : argument.name()
    return argument.required ? `<${name}>` : `[${name}]`
  })
  return [pathOf(command), ...given].join(' ')
}

function pathOf(command: Command): string {
  const parent = command.parent
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name()
}
