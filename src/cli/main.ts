#!/usr/bin/env node
import process from 'node:process'
import { complaintAbout } from './node-version.ts'

/** The entry. On a Node that is too old nothing else can be loaded, so that is said before anything else is. */
const script = process.argv[1] ?? 'regatta'
const inFolder = script.startsWith(`${process.cwd()}/`) ? script.slice(process.cwd().length + 1) : script
const complaint = complaintAbout(process.versions, inFolder)
if (complaint === undefined) await import('./command-line.ts')
else {
  process.stderr.write(`${complaint}\n`)
  process.exitCode = 1
}
