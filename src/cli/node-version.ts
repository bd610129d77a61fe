/** The oldest Node that Regatta runs on, as `engines` in package.json says. */
const oldest = [22, 19] as const

/**
 * What is said on a Node that is too old; undefined on one that is not, and on other runtimes. `script` is what was run, as
 * it is typed. This file is read by old Nodes: it imports nothing.
 */
export function complaintAbout(
  versions: { readonly node?: string | undefined; readonly deno?: string | undefined },
  script: string,
): string | undefined {
  const { node, deno } = versions
  if (node === undefined || deno !== undefined) return undefined
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined
  const needed = `Regatta needs Node ${oldest.join('.')} or newer, and this is Node ${node}`
  return `regatta: ${needed}. Install a newer one, or run it with one: npx -y node@24 ${script} …`
}
