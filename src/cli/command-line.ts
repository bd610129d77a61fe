import process from 'node:process'
import { ifStillAliveAfter, systemClock } from '../base/clock.ts'
import { sinkFailed } from '../sink/sink-failure.ts'
import { calledAs } from './called.ts'
import { failureOf } from './command-failure.ts'
import { exitCodes, type Io } from './io.ts'
import { boundMemory } from './memory-bounds.ts'
import { main } from './program.ts'
import { resolveOwnPackages } from './resolution.ts'

/**
 * The process around the command line: the only file that knows it is one. What stdout cannot take is told to the write
 * that tried, and at the end to the user of a command that wrote and did not ask. A reader that went away is no failure.
 */
const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  called: calledAs(process.env, process.argv[1], process.cwd()),
  onSignal(listener) {
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
  onContinue(listener) {
    // Windows has no such signal.
    if (process.platform === 'win32') return () => {}
    process.on('SIGCONT', listener)
    return () => process.off('SIGCONT', listener)
  },
}

let stdoutFailure: NodeJS.ErrnoException | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  stdoutFailure ??= error
})
// Where nothing can be told, the work goes on.
process.stderr.on('error', () => {})
process.once('exit', (code) => {
  if (code !== 0 || stdoutFailure === undefined || stdoutFailure.code === 'EPIPE') return
  process.stderr.write(`${failureOf(sinkFailed('stdout', stdoutFailure)).text}\n`)
  process.exitCode = exitCodes.failed
})

resolveOwnPackages()
if (!('Deno' in globalThis)) boundMemory()
process.exitCode = await main(process.argv.slice(2), io)
// What a source has left open must not keep a process that was told to stop.
if (process.exitCode === exitCodes.interrupted) ifStillAliveAfter(1_000, () => process.exit())
