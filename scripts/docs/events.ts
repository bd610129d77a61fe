import { type Blocks, code, sentence, table } from './blocks.ts'
import type { Declarations } from './declarations.ts'
import { fieldRow } from './errors.ts'
import { readUnion } from './unions.ts'

/** Every event with its payload, in the order of a request's way, which is the order they are declared in. */
const file = 'src/contracts/events.ts'

/** Words that a payload is made of, in the order in which they are met. */
const words = ['AttemptReason', 'ParkReason', 'BreakerState', 'PoolState', 'AlertCode'] as const

export function eventBlocks(declarations: Declarations): Blocks {
  const events = declarations.in(file).get('CrawlerEvents')!.members
  const sections = events.map(({ name, type, doc }) => {
    const payload = declarations.find(file, type.replace(/^\[(\w+)\]$/, '$1'))
    if (!payload || payload.members.length === 0)
      throw new Error(`${file}: "${name}" has no payload of its own.`)
    return [`### ${name}`, doc, table(['field', 'type', 'meaning'], payload.members.map(fieldRow))].join(
      '\n\n',
    )
  })
  const lists = words.map((word) => {
    const choices = readUnion(file, word).map(({ name, meaning }) => [code(name), sentence(meaning)])
    return [`### ${word}`, declarations.find(file, word)!.doc, table(['word', 'meaning'], choices)].join(
      '\n\n',
    )
  })
  return {
    'event-list': table(
      ['event', 'when'],
      events.map(({ name, doc }) => [`[${name}](#${name.replaceAll('.', '')})`, doc]),
    ),
    events: sections.join('\n\n'),
    'event-words': lists.join('\n\n'),
  }
}
