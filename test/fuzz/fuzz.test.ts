import { afterAll, expect, test } from 'vitest'
import { Fuzzer } from './fuzz.ts'
import { parsers } from './parsers.ts'

const runs = 1_000
/** The same texts each time, so that a change is tested and not chance; `npm run fuzz` tries others. */
const seed = 20_261

const fuzzer = new Fuzzer()
afterAll(() => fuzzer.close())

test.each(Object.keys(parsers))(
  `${runs} broken texts from seed ${seed} are read without a throw, in 50 ms each and 256 MB: %s`,
  { timeout: 60_000 },
  async (parser) => {
    const { fault, text } = await fuzzer.run({ parser, runs, seed })
    expect(fault, `by ${JSON.stringify(text)?.slice(0, 2_000)}`).toBeUndefined()
  },
)
