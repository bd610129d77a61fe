#!/usr/bin/env node
import process from 'node:process'
import { ifStillAliveAfter, systemClock } from '../base/clock.ts'
import { exitCodes, type Io } from './io.ts'
import { main } from './program.ts'
import { resolveOwnPackages } from './resolution.ts'

/**
 * The process around the command line: the only file that knows it is one. A closed pipe on stdout is told to the next
 * write; a reader that went away is no reason for a stack trace.
 */
const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  onSignal(listener) {
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
}

const leaveWhenNobodyReads = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
}
process.stdout.on('error', leaveWhenNobodyReads)
process.stderr.on('error', leaveWhenNobodyReads)

resolveOwnPackages()
process.exitCode = await main(process.argv.slice(2), io)
// What a source has left open must not keep a process that was told to stop.
if (process.exitCode === exitCodes.interrupted) ifStillAliveAfter(1_000, () => process.exit())
