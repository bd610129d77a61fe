import { RegattaError } from '../contracts/errors.ts'

/**
 * Bun puts a package of its own in the place of undici, without what Regatta needs of it: requests would hang or fail in
 * ways that nobody could explain. Throws RUNTIME_UNSUPPORTED there.
 */
export function assertRuntime(runtime: object = globalThis): void {
  if (!('Bun' in runtime)) return
  throw new RegattaError(
    'RUNTIME_UNSUPPORTED',
    'Regatta does not run on Bun, which replaces undici by a part of it. Run it with Node 22.19 or later, or with Deno 2.7 or later.',
  )
}
