import { readFileSync } from 'node:fs'

/** The lines of a file around a place such as `/home/me/shop.ts:14:20`, with a mark below it; none where it cannot be read. */
const around = 2

export function codeExcerpt(where: string): string[] {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(where) ?? []
  if (file === undefined) return []
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  const lines = text.split('\n')
  const at = Number(line)
  const last = Math.min(lines.length, at + around)
  const width = String(last).length
  return lines.slice(Math.max(0, at - 1 - around), last).flatMap((code, index) => {
    const number = Math.max(1, at - around) + index
    const shown = `${number === at ? '>' : ' '} ${String(number).padStart(width)} | ${code.trimEnd()}`
    if (number !== at) return [shown]
    // Tabs stay tabs, so that the mark stands below its letter.
    const indent = code.slice(0, Number(column) - 1).replaceAll(/[^\t]/g, ' ')
    return [shown, `  ${' '.repeat(width)} | ${indent}^`]
  })
}
