import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * Where the dashboard of a crawl that runs listens, and its token: kept in the folder of its state, for its owner's eyes alone, so
 * that a command on the same folder finds the process. It goes when the dashboard is closed; one that a killed process has
 * left leads nowhere.
 */
const schema = z.object({
  port: z.number().int().min(1).max(65_535),
  token: z.string().min(16),
  /** The process that listens: another one may have taken the port, or the folder, since. */
  pid: z.number().int(),
})

export type DashboardAddress = z.output<typeof schema>

function pathIn(dir: string): string {
  return join(dir, 'dashboard.json')
}

export async function writeAddress(dir: string, address: DashboardAddress): Promise<void> {
  const path = pathIn(dir)
  await writeFile(`${path}.new`, JSON.stringify(address), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Undefined where there is none, or none that can be read. */
export async function readAddress(dir: string): Promise<DashboardAddress | undefined> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(pathIn(dir), 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** Leaves that of another dashboard alone. */
export async function removeAddress(dir: string, port: number): Promise<void> {
  if ((await readAddress(dir))?.port === port) await rm(pathIn(dir), { force: true })
}
