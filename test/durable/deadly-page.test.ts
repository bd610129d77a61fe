import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { testFolder } from '../transport/spill.ts'

const program = fileURLToPath(new URL('deadly-page.ts', import.meta.url))

/** What it printed; empty when it ended in the middle. */
async function run(origin: string, state: string): Promise<string> {
  const child = spawn(process.execPath, ['--max-old-space-size=64', program, origin, state], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += String(chunk)
  })
  await once(child, 'close')
  return printed
}

test('a page that ends the process by filling its memory is given up after three times, and the rest is read', {
  timeout: 120_000,
}, async () => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<p>a page</p>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const state = testFolder()
  const runs: string[] = []
  while (runs.length < 4) runs.push(await run(origin, state))
  expect(runs.slice(0, 3)).toEqual(['', '', ''])
  expect(JSON.parse(runs[3]!)).toEqual({
    pages: 3,
    dead: [{ code: 'ended-process', detail: expect.stringContaining('the process ended 3 times') as string }],
  })
})
