import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** Under Deno: every contract suite, for every implementation, and a crawl. `npm run test:deno`. */
const contracts = globSync('test/**/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').includes('/contracts/'),
)

export default defineConfig({
  test: { include: ['test/deno/**/*.test.ts', ...contracts], testTimeout: 20_000 },
})
