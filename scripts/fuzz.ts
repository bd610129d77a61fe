import { fuzz } from '../test/fuzz/fuzz.ts'

/**
 * `npm run fuzz [-- ROUNDS SEED LONGEST]`: gives so many broken texts (5,000, of up to 200,000 characters) to everything
 * that reads what strangers write. Exits 1 when one takes more than two seconds, or throws what it should not.
 */
const [rounds = 5_000, seed = 1, longest = 200_000] = process.argv.slice(2).map(Number)
const begun = performance.now()
let found = 0
for await (const { reader, ms, text, length, thrown } of fuzz({ seed, rounds, most: 2_000, longest })) {
  found++
  process.exitCode = 1
  console.log(`${reader}: ${thrown ?? `${Math.round(ms)} ms`}, ${length} characters: ${JSON.stringify(text)}`)
}
const seconds = ((performance.now() - begun) / 1_000).toFixed(0)
console.log(
  `${rounds} texts in ${seconds} s from seed ${seed}: ${found === 0 ? 'all were read in time' : `${found} found`}`,
)
