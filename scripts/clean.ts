import { rmSync } from 'node:fs'

/** A build starts from nothing, so that a file that was deleted is not packed. */
rmSync('dist', { recursive: true, force: true })
