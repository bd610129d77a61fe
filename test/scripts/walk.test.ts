import { stripTypeScriptTypes } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import type { Call } from '../../scripts/walk/footprints.ts'
import { type FunctionPlace, instrument, probe } from '../../scripts/walk/instrument.ts'
import { beyond, filesNamed, listOf, wayOf } from '../../scripts/walk/way.ts'

/** Runs the code with its probes, and says the functions that ran, each as often as it was entered or went on. */
async function walk(code: string): Promise<{ steps: string[]; result: unknown; places: FunctionPlace[] }> {
  const places: FunctionPlace[] = []
  const steps: string[] = []
  const walked = instrument('src/a/b.ts', code, (place) => places.push(place) - 1)
  const world = globalThis as Record<string, unknown>
  world[probe] = (number: number, value?: unknown) => {
    steps.push(places[number]!.name)
    return value
  }
  onTestFinished(() => {
    delete world[probe]
  })
  const module = stripTypeScriptTypes(walked)
  const { result } = (await import(`data:text/javascript,${encodeURIComponent(module)}`)) as {
    result: unknown
  }
  return { steps, result: await result, places }
}

test.each<[what: string, code: string, steps: string[], result: unknown]>([
  ['a function', 'function one(a: number) { return a }\nexport const result = one(1)', ['one'], 1],
  ['an arrow with a value', 'const one = () => 1 as number\nexport const result = one()', ['one'], 1],
  ['an arrow with an object', 'const one = () => ({ a: 1 })\nexport const result = one()', ['one'], { a: 1 }],
  [
    'an arrow in an arrow',
    'const one = () => () => 1\nexport const result = one()()',
    ['one', 'a callback in one'],
    1,
  ],
  [
    'a class',
    'class Cat { #n = 1; constructor() { this.#n = 2 } get n() { return this.#n } speak = () => this.n }\nexport const result = new Cat().speak()',
    ['Cat.constructor', 'Cat.speak', 'Cat.n'],
    2,
  ],
  [
    'a class that extends another',
    'class Cat { a = 1 }\nclass Lynx extends Cat { constructor() { super() } }\nexport const result = new Lynx().a',
    ['Lynx.constructor'],
    1,
  ],
  [
    'a function that waits',
    'async function one() {\n  const a = [1]\n  await a\n  return (await a)[0]\n}\nexport const result = one()',
    ['one', 'one', 'one'],
    1,
  ],
  [
    'an arrow that waits',
    'const one = async () => await Promise.resolve(1)\nexport const result = one()',
    ['one', 'one'],
    1,
  ],
  [
    'a generator',
    'function* one() { const got: number = yield 1; return got }\nconst it = one()\nit.next()\nexport const result = it.next(5).value',
    ['one', 'one'],
    5,
  ],
  [
    'a loop that waits',
    'async function one() { let sum = 0\n for await (const n of [1, 2]) { sum += n }\n return sum }\nexport const result = one()',
    ['one', 'one', 'one'],
    3,
  ],
  ['a call that is never made', 'export function one() {}\nexport const result = 1', [], 1],
  [
    'an overload',
    'function one(a: 1): 1\nfunction one(a: number) { return a }\nexport const result = one(1)',
    ['one'],
    1,
  ],
])('%s leaves its footprints and does what it did', async (_, code, steps, result) => {
  const walked = await walk(code)
  expect(walked.steps).toEqual(steps)
  expect(walked.result).toEqual(result)
})

test('a footprint says where its function stands', async () => {
  const { places } = await walk('export const result = 1\n\nfunction two() {\n  return () => 1\n}\ntwo()')
  expect(places).toEqual([
    { file: 'src/a/b.ts', line: 3, name: 'two' },
    { file: 'src/a/b.ts', line: 4, name: 'a callback in two' },
  ])
})

const call = (file: string, caller: string | undefined, name = 'run', line = 1): Call => ({
  place: { file, line, name },
  caller,
})

const calls = [
  call('src/face/crawler.ts', undefined, 'Crawler.fetch', 7),
  call('src/base/clock.ts', 'src/face/crawler.ts'),
  call('src/race/race.ts', 'src/face/crawler.ts', 'Race.assign', 9),
  call('src/race/tally.ts', 'src/race/race.ts', 'reset', 3),
  call('src/race/race.ts', 'src/race/tally.ts', 'Race.end', 20),
  call('src/transport/socket.ts', undefined, 'onData', 4),
]

test('a file that leads to another is a stop, and so is one that a socket called; the others answer', () => {
  const way = wayOf(calls)
  expect(listOf(way).split('\n')).toEqual([
    '1. [src/face/crawler.ts:7](src/face/crawler.ts#L7) `Crawler.fetch`',
    '2. [src/race/race.ts:9](src/race/race.ts#L9) `Race.assign`, asks [race/tally](src/race/tally.ts#L3)',
    '3. [src/transport/socket.ts:4](src/transport/socket.ts#L4) `onData`',
  ])
  expect(way).toMatchObject({ files: 4, leftOut: 1 })
})

test('a second way names only what the first does not have', () => {
  const more = [
    ...calls,
    call('src/race/record.ts', 'src/race/race.ts'),
    call('src/crawl/visit.ts', undefined),
  ]
  const { stops } = beyond(wayOf(more), wayOf(calls))
  expect(stops.map(({ first, asks }) => [first.file, ...asks.map(({ file }) => file)])).toEqual([
    ['src/race/race.ts', 'src/race/record.ts'],
    ['src/crawl/visit.ts'],
  ])
})

test('a list is the same while lines move', () => {
  const moved = calls.map(({ place, caller }) => ({ place: { ...place, line: place.line + 5 }, caller }))
  expect(filesNamed(listOf(wayOf(moved)))).toEqual(filesNamed(listOf(wayOf(calls))))
  expect(filesNamed(listOf(wayOf(calls)))).toEqual([
    'src/face/crawler.ts',
    'src/race/race.ts',
    'src/race/tally.ts',
    'src/transport/socket.ts',
  ])
})
