import { defineConfig } from 'vitest/config'

/** A real Prometheus: `npm run test:metrics`, and not part of `npm test`. */
export default defineConfig({
  test: { include: ['test/metrics/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 50_000 },
})
