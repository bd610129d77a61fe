import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { keep, readMarked, withMarked } from './marked.ts'
import { Footprints } from './walk/footprints.ts'
import { record } from './walk/record.ts'
import { beyond, filesNamed, listOf, type Way, wayOf } from './walk/way.ts'

/**
 * `npm run walk`: "One request, file by file" in ARCHITECTURE.md, from a recorded run. `-- --check` records again and fails
 * when other files are on the way than the page says.
 */
const { values: flags } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

/** So many stops at most, from `crawler.fetch` to the settled record; two of them note why all went as it did. */
const limit = 20
/** Until the house is there, more are only a warning. */
const limitBinds = true

const root = new URL('../', import.meta.url)
const architecture = new URL('ARCHITECTURE.md', root)
const recording = await record(new Footprints(root))
const fetch = wayOf(recording.fetch)
const page = beyond(wayOf(recording.page), fetch)

const text = await readFile(architecture, 'utf8')
const lists = { 'walk: fetch': describe(fetch), 'walk: page': describe(page) }
for (const [name, list] of Object.entries(lists)) console.log(`${name}\n${list}\n`)
if (flags.check) {
  for (const [name, list] of Object.entries(lists)) {
    const committed = filesNamed(readMarked(text, name) ?? '')
    const now = filesNamed(list)
    const gone = committed.filter((file) => !now.includes(file))
    const come = now.filter((file) => !committed.includes(file))
    for (const file of gone) complain(`ARCHITECTURE.md, ${name}: ${file} is not on the way any more.`)
    for (const file of come) complain(`ARCHITECTURE.md, ${name}: ${file} is on the way and is not named.`)
    if (gone.length + come.length > 0) complain('Run `npm run walk` and commit what it writes.')
  }
} else {
  const wanted = Object.entries(lists).reduce((sum, [name, list]) => withMarked(sum, name, list), text)
  await keep(architecture, wanted, 'npm run walk', false)
}
const stops = fetch.stops.length
if (stops > limit) {
  const sentence = `${stops} stops from crawler.fetch to the settled record; ${limit} is the limit.`
  if (limitBinds) complain(sentence)
  else console.log(`Warning: ${sentence}`)
}

function describe(way: Way): string {
  return `${way.stops.length} stops. A function ran in ${way.files} files, and in ${way.leftOut} of the ground floor.\n\n${listOf(way)}`
}

function complain(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}
