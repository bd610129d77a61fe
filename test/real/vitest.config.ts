import { defineConfig } from 'vitest/config'

/** Real servers: `npm run test:real`, and not part of `npm test`. */
export default defineConfig({
  test: { include: ['test/real/**/*.test.ts'] },
})
