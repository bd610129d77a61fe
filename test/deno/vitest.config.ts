import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** Under Deno: every contract suite, for every implementation, and a crawl. `npm run test:deno`. */
const contracts = globSync('test/**/*.test.ts').filter((file) =>
  / from '[./]+\/contracts\//.test(readFileSync(file, 'utf8')),
)

export default defineConfig({
  test: { include: ['test/deno/**/*.test.ts', ...contracts], testTimeout: 20_000 },
})
