import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { text } from 'node:stream/consumers'

/**
 * Runs every example as a user would, one after the other. An example fails when it ends badly, prints nothing, complains
 * on stderr, or does not end by itself.
 */
const patience = 30_000
const runtime = 'Deno' in globalThis ? ['deno', 'run', '--allow-all'] : ['node']

let failures = 0
for (const file of globSync('examples/*.ts').sort()) {
  const begun = performance.now()
  const problem = await problemOf(file)
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${file} (${seconds} s)`)
  if (problem === undefined) continue
  failures++
  console.log(problem)
}
process.exitCode = failures === 0 ? 0 : 1

async function problemOf(file: string): Promise<string | undefined> {
  const [program, ...rest] = [...runtime, file]
  const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'], timeout: patience })
  const [output, complaints, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (signal !== null)
    return `It did not end within ${patience / 1_000} s. It printed:\n${output}${complaints}`
  if (code !== 0) return `It ended with code ${code}. It printed:\n${output}${complaints}`
  if (complaints !== '') return `It complained:\n${complaints}`
  if (output.trim() === '') return 'It printed nothing.'
  return undefined
}
