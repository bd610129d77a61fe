/** The oldest Node that Regatta runs on, as `engines` in package.json says. */
const oldest = [22, 19] as const

/**
 * What is said on a Node that is too old; undefined on one that is not, and on other runtimes. This file is read by old
 * Nodes: it imports nothing.
 */
export function whyTooOld(versions: {
  readonly node?: string | undefined
  readonly deno?: string | undefined
}): string | undefined {
  const { node, deno } = versions
  if (node === undefined || deno !== undefined) return undefined
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined
  return `Regatta needs Node ${oldest.join('.')} or newer, and this is Node ${node}`
}
