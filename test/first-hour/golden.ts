import { fileURLToPath } from 'node:url'
import type { Situation } from './situations.ts'

/** The file that holds what stands on the screen. */
export function goldenOf({ name }: Situation): string {
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return fileURLToPath(new URL(`golden/${word}.txt`, import.meta.url))
}
