import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'

/**
 * One life of a crawl in a process of its own, which is killed with SIGKILL so many ms after it has said on stdout that it may be. What
 * it says of itself at its end, in JSON, if it comes so far.
 */
export async function liveUntil<Summary>(
  script: string,
  args: readonly string[],
  ms: number,
): Promise<Summary | undefined> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let summary: Summary | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) summary = JSON.parse(line) as Summary
    else if (ms < Number.POSITIVE_INFINITY) systemClock.after(ms, () => void child.kill('SIGKILL'))
  }
  await ended
  return summary
}
