import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { tempFile, tidy } from './folder.ts'

afterAll(tidy)

test.each([1, 40, 300])('what a killed process had been told is so (%i lines later)', async (lines) => {
  const path = tempFile()
  const program = fileURLToPath(new URL('./killed.ts', import.meta.url))
  const child = spawn('node', [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const added: string[] = []
  const done: string[] = []
  let read = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { added?: string[]; done?: string }
    added.push(...(told.added ?? []))
    if (told.done !== undefined) done.push(told.done)
    if (++read === lines) child.kill('SIGKILL')
  }
  if (child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')

  const frontier = await openSqliteFrontier({ path })
  await frontier.outputs!.attach(['a sink'])
  const outputs = await frontier.outputs!.read(0, 1_000_000)
  const kept = outputs.map(({ record }) => record.request)
  const left = await frontier.take({ max: 1_000_000, now: performance.now() })
  const reachable = new Set(left.map((lease) => lease.request.id))
  expect(reachable.size).toBe(left.length)
  expect(new Set(kept).size).toBe(kept.length)
  for (const id of done) {
    expect(reachable.has(id)).toBe(false)
    expect(kept).toContain(id)
  }
  // Each is either still to be done or has its output; what was not confirmed in time is one or the other.
  for (const id of added) expect(reachable.has(id)).toBe(!kept.includes(id))
  await frontier.close()
})
