import { join } from 'node:path'
import { failAtOnce, failingCrawls, type LabView } from './failing-crawls.ts'

/** A process that begins all failing crawls, each with a state of its own, and says `ready` when all have failed. It waits to be killed. */
const [view, folder] = process.argv.slice(2)
const lab = JSON.parse(view!) as LabView
const left = [...failingCrawls.entries()]
const work = async () => {
  for (let next = left.shift(); next; next = left.shift()) {
    const [at, failing] = next
    await failAtOnce(failing, lab, join(folder!, String(at)))
  }
}
await Promise.all(Array.from({ length: 8 }, work))
// What is under way is written down a few times a second.
setTimeout(() => console.log('ready'), 700)
setInterval(() => {}, 1_000)
