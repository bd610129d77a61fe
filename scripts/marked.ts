import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'

/** The text with `content` between `<!-- name -->` and `<!-- /name -->`. */
export function withMarked(text: string, name: string, content: string): string {
  const marked = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!marked.test(text)) throw new Error(`There is no marker <!-- ${name} --> … <!-- /${name} -->.`)
  return text.replace(marked, (_, begin: string, end: string) => `${begin}\n${content}\n${end}`)
}

/** What stands between the markers. */
export function readMarked(text: string, name: string): string | undefined {
  return text.match(new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)\\n?<!-- /${name} -->`))?.[1]
}

/** Writes a file that a script keeps, or, when it only checks, says that the file is out of date. */
export async function keep(file: URL, wanted: string, command: string, isCheck: boolean): Promise<void> {
  const found = await readFile(file, 'utf8').catch(() => '')
  if (found === wanted) return
  const name = file.pathname.slice(new URL('../', import.meta.url).pathname.length)
  if (isCheck) {
    process.stderr.write(`${name} is out of date: run \`${command}\` and commit what it writes.\n`)
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    process.stdout.write(`wrote ${name}\n`)
  }
}
