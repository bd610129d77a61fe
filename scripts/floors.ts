import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readHouse } from './floors/house.ts'
import { listingOf, mermaidOf, tableOf } from './floors/picture.ts'
import { brokenRules, houseRules } from './floors/rules.ts'
import { compareSizes, measureRevision, measureRooms, sizesOf } from './floors/sizes.ts'
import { keep, withMarked } from './marked.ts'

/**
 * `npm run floors`: which room of the house stands on which, read from the imports, types included. It prints the floors
 * and draws them in ARCHITECTURE.md, and exits 1 when a rule of the house is broken (scripts/floors/rules.ts).
 *
 *   --check            writes nothing, and fails when ARCHITECTURE.md is out of date
 *   --lines            only the lines of each room
 *   --against REV      the same beside those of a revision
 */
const { values: flags } = parseArgs({
  options: { check: { type: 'boolean' }, lines: { type: 'boolean' }, against: { type: 'string' } },
})
const folder = new URL('../', import.meta.url)
const root = fileURLToPath(folder)

if (flags.lines || flags.against !== undefined) {
  const before = flags.against === undefined ? undefined : measureRevision(root, flags.against)
  console.log(compareSizes(measureRooms(root), before))
} else {
  const house = readHouse(root)
  console.log(`${listingOf(house)}\n\n${sizesOf(house)}\n`)
  const architecture = new URL('ARCHITECTURE.md', folder)
  const floors = `${tableOf(house)}\n\n\`\`\`mermaid\n${mermaidOf(house)}\n\`\`\``
  const wanted = withMarked(await readFile(architecture, 'utf8'), 'floors', floors)
  await keep(architecture, wanted, 'npm run floors', flags.check === true)
  const broken = brokenRules(house)
  for (const sentence of broken) process.stderr.write(`${sentence}\n`)
  if (!houseRules.pluginsUsePublicDoors) console.log('Plugins may still import from src/ (floors/rules.ts).')
  if (broken.length > 0) process.exitCode = 1
  else
    console.log(
      'No circle between rooms, types included; the core imports neither lab, sim, testing nor cli.',
    )
}
