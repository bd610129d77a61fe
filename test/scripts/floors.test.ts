import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readHouse } from '../../scripts/floors/house.ts'
import { sharedNames, unrelatedNames } from '../../scripts/floors/names.ts'
import { mermaidOf, tableOf } from '../../scripts/floors/picture.ts'
import { brokenRules } from '../../scripts/floors/rules.ts'
import { compareSizes, measureRooms } from '../../scripts/floors/sizes.ts'
import { floorsOf } from '../../scripts/floors/storeys.ts'
import { buildHouse } from './house.ts'

/** A small house that keeps every rule. */
const sound = {
  'src/index.ts': "export { crawl } from './face/crawl.ts'\n",
  'src/contracts/request.ts': 'export interface Request {}\n',
  'src/base/clock.ts': 'export const clock = 1\n',
  'src/face/crawl.ts':
    "import type { Request } from '../contracts/request.ts'\nimport { clock } from '../base/clock.ts'\nexport const crawl = (request: Request) => [request, clock]\n",
  'src/lab/index.ts': "import { clock } from '../base/clock.ts'\nexport const lab = clock\n",
  'src/cli/main.ts':
    "import { crawl } from '../index.ts'\nimport { lab } from '../lab/index.ts'\ncrawl(lab)\n",
  'plugins/site.ts': "import { crawl } from 'regatta'\nexport const site = crawl\n",
}

const strict = { pluginsUsePublicDoors: true }

function complaintsAbout(changes: Readonly<Record<string, string>>): string[] {
  return brokenRules(readHouse(buildHouse({ ...sound, ...changes })), strict)
}

test('a sound house breaks no rule', () => {
  expect(complaintsAbout({})).toEqual([])
})

test('a room stands one floor above the highest room it imports from', () => {
  const floors = floorsOf(readHouse(buildHouse(sound))).map(({ rooms }) => rooms.map((room) => room.name))
  expect(floors).toEqual([['base', 'contracts'], ['face', 'lab'], ['src/index.ts'], ['cli', 'plugins']])
})

test.each([
  ['import', "import { crawl } from '../face/crawl.ts'\nexport const clock = crawl\n"],
  ['import type', "import type { crawl } from '../face/crawl.ts'\nexport type Clock = typeof crawl\n"],
  [
    'import of a type by name',
    "import { type crawl } from '../face/crawl.ts'\nexport type Clock = typeof crawl\n",
  ],
  ['export from', "export { crawl as clock } from '../face/crawl.ts'\n"],
  ['export of everything', "export * from '../face/crawl.ts'\n"],
  ['import at first use', "export const clock = () => import('../face/crawl.ts')\n"],
  ['import within a type', "export type Clock = import('../face/crawl.ts').Crawl\n"],
  ['address of a module', "export const clock = new URL('../face/crawl.ts', import.meta.url)\n"],
  ['address of what was built', "export const clock = new URL('../face/crawl.js', import.meta.url)\n"],
])('a circle between two rooms is found and its files are named: %s', (_, code) => {
  const [circle, ...rest] = complaintsAbout({ 'src/base/clock.ts': code })
  expect(rest).toEqual([])
  expect(circle).toContain('in a circle')
  expect(circle).toMatch(/src\/base\/clock\.ts:1 imports src\/face\/crawl\.ts/)
  expect(circle).toMatch(/src\/face\/crawl\.ts:2 imports src\/base\/clock\.ts/)
})

test('of several circles in one knot the shortest is named', () => {
  const [circle] = complaintsAbout({
    'src/a/a.ts': "import '../b/b.ts'\n",
    'src/b/b.ts': "import '../c/c.ts'\n",
    'src/c/c.ts': "import '../d/d.ts'\nimport '../a/a.ts'\n",
    'src/d/d.ts': "import '../c/c.ts'\n",
  })
  expect(circle).toMatch(/circle, (c → d → c|d → c → d):/)
})

test('what a comment or a string says is no import', () => {
  const code = "// import '../face/crawl.ts'\nexport const clock = \"import '../face/crawl.ts'\"\n"
  expect(complaintsAbout({ 'src/base/clock.ts': code })).toEqual([])
})

test.each([
  ['src/contracts/request.ts', "import '../base/clock.ts'\n", 'ground floor'],
  ['src/face/crawl.ts', "export const crawl = import('../lab/index.ts')\n", 'the core imports neither'],
  ['src/lab/index.ts', "import '../cli/values.ts'\nexport const lab = 1\n", 'only cli imports cli'],
  ['src/loose.ts', 'export const loose = 1\n', 'only index.ts stands loose'],
  [
    'plugins/site.ts',
    "import { clock } from '../src/base/clock.ts'\nexport const site = clock\n",
    'public doors',
  ],
])('%s may not hold %j', (path, code, complaint) => {
  const complaints = complaintsAbout({ 'src/cli/values.ts': 'export const value = 1\n', [path]: code })
  expect(complaints.join('\n')).toContain(complaint)
  expect(complaints.every((each) => each.includes(path))).toBe(true)
})

test('two files of one name that have nothing to do with each other are a complaint', () => {
  const [complaint, ...rest] = complaintsAbout({ 'src/lab/clock.ts': 'export const clock = 2\n' })
  expect(complaint).toContain('src/base/clock.ts, src/lab/clock.ts: one name')
  expect(rest).toEqual([])
})

test('files of one name may import each other, be tied by a third, or be doors', () => {
  const clock = "import { clock } from '../base/clock.ts'\nexport const later = clock\n"
  const index = 'export const door = 1\n'
  expect(
    complaintsAbout({ 'src/lab/clock.ts': clock, 'src/face/clock.ts': clock, 'src/face/index.ts': index }),
  ).toEqual([])
})

test('files that may share a name are there, and would be a complaint otherwise', () => {
  const house = readHouse(fileURLToPath(new URL('../../', import.meta.url)))
  expect(unrelatedNames(house)).toEqual([])
  for (const shared of sharedNames) {
    const others = sharedNames.filter((each) => each !== shared)
    const [complaint] = unrelatedNames(house, others)
    for (const file of shared.files) expect(complaint).toContain(file)
  }
})

test('too many long files are a complaint', () => {
  const long = 'export const one = 1\n'.repeat(250)
  const [complaint] = complaintsAbout({ 'src/base/a.ts': long, 'src/base/b.ts': long })
  expect(complaint).toBe('77.8 % of the files are under 250 lines; it must be 80.0 % or more.')
})

test('an import that leads nowhere is refused, because its edge would be missing', () => {
  expect(() => complaintsAbout({ 'src/base/clock.ts': "import './gone.ts'\n" })).toThrow(
    'src/base/clock.ts imports "./gone.ts"',
  )
  expect(() => complaintsAbout({ 'plugins/site.ts': "import 'regatta/gone'\n" })).toThrow('does not export')
})

test('the table names every room below, the picture only those that no other arrow implies', () => {
  const house = readHouse(buildHouse(sound))
  expect(tableOf(house)).toContain('| 3 | cli | index.ts, lab |')
  const code =
    "import { crawl } from '../index.ts'\nimport '../lab/index.ts'\nimport '../face/crawl.ts'\ncrawl\n"
  const shortcut = readHouse(buildHouse({ ...sound, 'src/cli/main.ts': code }))
  expect(tableOf(shortcut)).toContain('| 3 | cli | face, index.ts, lab |')
  const arrows = mermaidOf(shortcut)
    .split('\n')
    .filter((line) => line.includes('cli -->'))
  expect(arrows.sort()).toEqual(['  cli --> index_ts', '  cli --> lab'])
})

test('lines are counted by room, before and after', () => {
  const before = measureRooms(buildHouse(sound))
  const { 'src/lab/index.ts': _, ...rest } = sound
  const after = measureRooms(
    buildHouse({ ...rest, 'src/base/wheel.ts': 'one\ntwo', 'test/a.test.ts': 'one\n' }),
  )
  const table = compareSizes(after, before)
  expect(table).toContain('| base | 1 | 2 | 1 | 3 | +2 |')
  expect(table).toContain('| lab | 1 | 0 | 2 | 0 | -2 |')
  expect(table).toContain('| the house | 7 | 7 | 13 | 13 | 0 |')
  expect(table).toContain('| test/ | 0 | 1 | 0 | 1 | +1 |')
})
