import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These have a configuration of their own: real servers, the packed package, Deno.
    exclude: ['test/real/**', 'test/packaging/**', 'test/deno/**'],
    testTimeout: 20_000,
  },
})
