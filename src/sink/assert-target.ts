import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'

/** Throws OPTION_INVALID for what says no place to write to. */
export function assertTarget(
  call: string,
  options: { readonly to: unknown },
  { stream = false }: { readonly stream?: boolean } = {},
): void {
  const fits = isOptions(options) && options !== undefined
  assertArgument(fits, call, 'options', 'an object such as { to: "items.jsonl" }', options)
  const { to } = options
  const isPath = typeof to === 'string' && to !== ''
  const isStream = stream && hasFunctions(to, 'write', 'on')
  assertArgument(isPath || isStream, call, 'to', stream ? 'a path or a stream' : 'a path', to)
}
