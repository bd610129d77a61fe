import { Fuzzer } from '../test/fuzz/fuzz.ts'
import { parsers } from '../test/fuzz/parsers.ts'

/**
 * `npm run fuzz [-- RUNS SEED PARSER]`: gives so many broken texts (100,000) to each of the parsers, or to the one whose name
 * holds PARSER. The seed is printed, and a new one each time unless it is given. Exits 1 when a text makes one throw, takes more than
 * 50 ms, never ends, or does not fit into 256 MB.
 */
const [runs = '100000', seed = String(Date.now() % 2 ** 31), name = ''] = process.argv.slice(2)
const fuzzer = new Fuzzer()
console.log(`${runs} texts each from seed ${seed}`)
for (const parser of Object.keys(parsers).filter((each) => each.includes(name))) {
  const result = await fuzzer.run({ parser, runs: Number(runs), seed: Number(seed) })
  const { slowest, seconds, fault, text } = result
  console.log(`${parser}: ${seconds.toFixed(0)} s, the slowest text ${slowest.toFixed(1)} ms`)
  if (fault === undefined) continue
  process.exitCode = 1
  console.log(`  after ${result.runs} texts: ${fault}\n  by ${JSON.stringify(text).slice(0, 2_000)}`)
}
await fuzzer.close()
