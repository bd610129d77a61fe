import { messageOf } from '../../src/contracts/errors.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'

/** A process that writes so many lines to a file once it is told to, and says how many: `writing.ts FILE NAME COUNT`. */
const [to = '', name, count] = process.argv.slice(2)
const sink = createJsonlSink({ to })
await sink.open()
console.log('ready')
await new Promise((resolve) => process.stdin.once('data', resolve))
let written = 0
let why: string | undefined
while (written < Number(count) && why === undefined) {
  const value = { name, n: written, more: 'x'.repeat(written % 300) }
  try {
    await sink.write([{ kind: 'item', request: `r${written}`, index: 0, source: 'test', value }])
    written++
  } catch (error) {
    why = messageOf(error)
  }
}
console.log(JSON.stringify({ written, why }))
process.exit()
