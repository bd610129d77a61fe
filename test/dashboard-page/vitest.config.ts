import { defineConfig } from 'vitest/config'

/** The dashboard's page in a real browser: `npm run test:dashboard`, and not part of `npm test`, because it needs Chromium. */
export default defineConfig({
  test: {
    include: ['test/dashboard-page/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is measured must not share the processor with another browser.
    fileParallelism: false,
  },
})
