/**
 * A document is written by hand, but for the blocks between two markers, `<!-- generated: flags -->` and
 * `<!-- /generated -->`: those are printed from the code.
 */
export type Blocks = Readonly<Record<string, string>>

/** The text with each block in its place. Every block has its markers, and every marker its block. */
export function withBlocks(file: string, text: string, blocks: Blocks): string {
  const placed = new Set<string>()
  const whole = text.replace(
    /(<!-- generated: ([\w .-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_all, begin: string, name: string, end: string) => {
      const block = blocks[name]
      if (block === undefined) throw new Error(`${file} has a marker for "${name}", which nothing generates.`)
      placed.add(name)
      return `${begin}\n${block.trim()}\n\n${end}`
    },
  )
  const missing = Object.keys(blocks).filter((name) => !placed.has(name))
  if (missing.length > 0) throw new Error(`${file} has no marker <!-- generated: ${missing.join(', ')} -->.`)
  return whole
}

/** A Markdown table. Empty columns are left out. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = heads.map((_head, column) => rows.some((row) => row[column] !== ''))
  const line = (cells: readonly string[]) =>
    `| ${cells
      .filter((_cell, column) => used[column])
      .map(cell)
      .join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A `|` would end the cell, and a `<` outside of code would begin a tag. */
function cell(text: string): string {
  const safe = text.replaceAll(/(`[^`]*`)|</g, (_all, span: string | undefined) => span ?? '&lt;')
  return safe.replaceAll('\n', ' ').replaceAll('|', '\\|').trim()
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

export function list(names: readonly string[]): string {
  return names.map(code).join(', ')
}

/** A sentence as a doc comment or a line comment has it, with a capital letter and a full stop. */
export function sentence(text: string): string {
  if (text === '') return ''
  const whole = text[0]!.toUpperCase() + text.slice(1)
  return /[.:!?…]$/.test(whole) ? whole : `${whole}.`
}
