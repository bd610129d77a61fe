import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { goldenOf } from '../test/first-hour/golden.ts'
import { play } from '../test/first-hour/run.ts'
import { situations } from '../test/first-hour/situations.ts'

/**
 * The first hour of a new user, one situation after the other: seconds to the end, exit code and what stood on the screen.
 * Writes the golden files that the tests compare with. A word behind the command chooses situations by name.
 */
const [wanted = ''] = process.argv.slice(2)
let late = 0
for (const situation of situations.filter(({ name }) => name.includes(wanted))) {
  const { seconds, code, screen } = await play(situation)
  const isLate = seconds > situation.within
  if (isLate) late++
  const remark = isLate
    ? `  longer than ${situation.within} s`
    : code === situation.code
      ? ''
      : `  not ${situation.code}`
  console.log(`${situation.name.padEnd(40)} ${seconds.toFixed(1).padStart(6)} s  exit ${code}${remark}`)
  console.log(`${screen.replace(/^/gm, '    ')}\n`)
  const file = goldenOf(situation)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${screen}\n`)
}
if (late > 0) process.exitCode = 1
