import { whyTooOld } from '../contracts/old-node.ts'

/** What is said on a Node that is too old; undefined on one that is not. `script` is what was run, as it is typed. */
export function complaintAbout(
  versions: { readonly node?: string | undefined; readonly deno?: string | undefined },
  script: string,
): string | undefined {
  const needed = whyTooOld(versions)
  if (needed === undefined) return undefined
  return `regatta: ${needed}. Install a newer one, or run it with one: npx -y node@24 ${script} …`
}
