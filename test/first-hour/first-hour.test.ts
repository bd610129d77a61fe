import { readFile } from 'node:fs/promises'
import { describe, it } from 'vitest'
import { goldenOf } from './golden.ts'
import { essential, mostSeconds, play } from './run.ts'
import { situations } from './situations.ts'

/** What somebody sees in the first hour; `npm run first-hour` writes the golden files anew. */
describe.concurrent('the first hour', { timeout: (mostSeconds + 20) * 1_000 }, () => {
  for (const situation of situations) {
    it(situation.name, async ({ expect }) => {
      const { code, screen } = await play(situation)
      expect(code, screen).toBe(situation.code)
      for (const sentence of situation.says) expect(screen).toMatch(sentence)
      expect(screen).not.toMatch(/report a bug|please report/)
      expect(essential(screen)).toBe(essential(await readFile(goldenOf(situation), 'utf8')))
    })
  }
})
