import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // These have a configuration of their own: real servers, a real browser, a real Prometheus, the packed package, Deno.
    exclude: [
      'test/real/**',
      'test/packaging/**',
      'test/dashboard-page/**',
      'test/metrics/**',
      'test/deno/**',
    ],
    testTimeout: 20_000,
  },
})
