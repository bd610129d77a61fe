import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../src/base/random.ts'

/** Pages of about 5 KB that link to one another: every one is reached from the first, and none says what another says. */
const perFolder = 500
const linksEach = 12
const wordsEach = 640

/** Writes them below `root`; the first is /index.html. The same for the same number. */
export function writePages(root: string, count: number): void {
  const random = createRandom(1)
  const below = (most: number) => Math.floor(random() * most)
  const words = Array.from({ length: 2_000 }, () =>
    Array.from({ length: 3 + below(7) }, () => String.fromCharCode(97 + below(26))).join(''),
  )
  const word = () => words[below(words.length)]!
  const text = (length: number) => Array.from({ length }, word).join(' ')
  for (let number = 0; number < count; number++) {
    const path = join(root, pathOf(number))
    if (number % perFolder <= 1) mkdirSync(join(path, '..'), { recursive: true })
    // A tree reaches all; the others are like a site's: to neighbours and to anywhere.
    const targets = [2 * number + 1, 2 * number + 2, number - 1, number + 1]
    while (targets.length < linksEach) targets.push(below(count))
    const links = targets
      .filter((target) => target >= 0 && target < count)
      .map((target) => `<li><a href="${pathOf(target)}">${text(2)}</a></li>`)
    const paragraphs = Array.from({ length: 8 }, () => `<p>${text(wordsEach / 8)}</p>`)
    writeFileSync(
      path,
      `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${text(4)} ${number}</title>` +
        `<meta name="description" content="${text(10)}"><link rel="stylesheet" href="/style.css"></head>\n` +
        `<body><nav><ul>${links.join('\n')}</ul></nav>\n<main><h1>${text(4)}</h1>\n${paragraphs.join('\n')}</main></body></html>\n`,
    )
  }
}

function pathOf(number: number): string {
  return number === 0 ? '/index.html' : `/${Math.floor(number / perFolder)}/${number}.html`
}
