import { relative } from 'node:path'

/** What is to be pasted into a shell: words as POSIX quotes them, and folders as they are called from where it is typed. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** `cwd` is the shell's, not the one that the crawl was begun in. */
export function folderWord(dir: string, cwd: string): string {
  const path = relative(cwd, dir) || '.'
  return quoted(path.startsWith('-') ? `./${path}` : path)
}
