import { RegattaError } from './errors.ts'
import { whyTooOld } from './old-node.ts'

/**
 * Every public entry imports this first: on a Node that is too old, what comes behind it fails in ways that name some
 * export of Node's or a line of a dependency. Throws RUNTIME_UNSUPPORTED with a sentence instead. The trap: modules are
 * linked before any of them runs, so no module of ours may name an export that an old Node lacks.
 */
const sentence = whyTooOld(globalThis.process?.versions ?? {})
if (sentence !== undefined) {
  throw new RegattaError('RUNTIME_UNSUPPORTED', `${sentence}. Install a newer one, for instance Node 24.`)
}
