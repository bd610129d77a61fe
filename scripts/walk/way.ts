import { type Call, isOnTheWay } from './footprints.ts'
import type { FunctionPlace } from './instrument.ts'

/**
 * A walk, file by file, in the order of the first call. A stop is a file that leads to another one: one of its functions was
 * the first to call there. A reader who follows the request goes on from stop to stop. The other files are asked something
 * and answer: a reader looks and comes back.
 */
export interface Way {
  readonly stops: readonly Stop[]
  /** Files in which a function ran, but for the next. */
  readonly files: number
  /** Files of `contracts/` and `base/`, which are left out. */
  readonly leftOut: number
}

export interface Stop {
  /** The first function that was called, with its file and line. */
  readonly first: FunctionPlace
  /** The files that it asked first and that led nowhere else. */
  readonly asks: readonly FunctionPlace[]
}

export function wayOf(calls: readonly Call[]): Way {
  const firsts = new Map<string, Call>()
  for (const call of calls) {
    if (!firsts.has(call.place.file)) firsts.set(call.place.file, call)
  }
  const counted = [...firsts.values()].filter(({ place }) => isOnTheWay(place.file))
  const leaders = new Set(counted.map(({ caller }) => caller))
  // What a socket or a timer called has nobody who led there.
  const isStop = ({ caller, place }: Call) => caller === undefined || leaders.has(place.file)
  const answers = counted.filter((call) => !isStop(call))
  const stops = counted.filter(isStop).map(({ place }) => ({
    first: place,
    asks: answers.filter(({ caller }) => caller === place.file).map((answer) => answer.place),
  }))
  return { stops, files: counted.length, leftOut: firsts.size - counted.length }
}

/** The same without the stops that another way has already. */
export function beyond(way: Way, known: Way): Way {
  const old = new Set(filesOf(known))
  const stops = way.stops
    .filter(({ first, asks }) => !old.has(first.file) || asks.some(({ file }) => !old.has(file)))
    .map(({ first, asks }) => ({ first, asks: asks.filter(({ file }) => !old.has(file)) }))
  return { ...way, stops }
}

function filesOf({ stops }: Way): string[] {
  return stops.flatMap(({ first, asks }) => [first.file, ...asks.map(({ file }) => file)])
}

/** As Markdown, a numbered list of links. */
export function listOf({ stops }: Way): string {
  return stops
    .map(({ first, asks }, index) => {
      const { file, line, name } = first
      const asked = asks.map((each) => `[${shorten(each.file)}](${each.file}#L${each.line})`).join(', ')
      const stop = `${index + 1}. [${file}:${line}](${file}#L${line}) \`${name}\``
      return asked === '' ? stop : `${stop}, asks ${asked}`
    })
    .join('\n')
}

function shorten(file: string): string {
  return file.replace(/^src\//, '').replace(/\.ts$/, '')
}

/** The files that a list names, so that it is the same list while lines move. */
export function filesNamed(list: string): string[] {
  return [...new Set([...list.matchAll(/\]\(([^)#]+)#L\d+\)/g)].map(([, file]) => file!))].sort()
}
