import { readFileSync } from 'node:fs'

/** The rows of a data file beside this one. */
export function readRows<Row>(name: string): readonly Row[] {
  return JSON.parse(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8'))
}
