import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { crawlThroughKills } from './kills.ts'

/** A short form; `npm run kills` kills two hundred times. */
it('killed at any moment and resumed, a crawl has each page once', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-kills-'))
  try {
    const report = await crawlThroughKills({ folder, pages: 300, kills: 12, seed: 2026 })
    expect(report).toMatchObject({ lines: 300, torn: 0, doubled: [], missing: [] })
    expect(report.kills).toBeGreaterThan(8)
    // What was under way when the process died is fetched again, nothing else.
    expect(report.served).toBeLessThan(1.6)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
