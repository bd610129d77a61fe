import { defineConfig } from 'vitest/config'

/** What a user gets: `npm run test:package`, and not part of `npm test`, because it builds and installs. */
export default defineConfig({
  test: { include: ['test/packaging/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 300_000 },
})
