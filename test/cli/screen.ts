/** What a person sees of what was written to a terminal: lines, with the cursor moved up and the rest cleared where told. */
export class Screen {
  #lines: string[] = ['']
  #row = 0
  #column = 0

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal reads
    for (const [part] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|\n|\r|[^\u001b\n\r]+/g)) this.#take(part)
  }

  get lines(): string[] {
    return this.#lines.map((line) => line.trimEnd())
  }

  #take(part: string): void {
    if (part === '\r') this.#column = 0
    else if (part === '\n') {
      this.#row++
      this.#column = 0
      this.#lines[this.#row] ??= ''
    } else if (part.startsWith('\u001b[')) this.#obey(part.at(-1)!, Number(part.slice(2, -1) || '1'))
    else {
      const line = this.#lines[this.#row]!.padEnd(this.#column)
      this.#lines[this.#row] = line.slice(0, this.#column) + part + line.slice(this.#column + part.length)
      this.#column += part.length
    }
  }

  #obey(command: string, count: number): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - count)
    if (command === 'B') this.#row = Math.min(this.#lines.length - 1, this.#row + count)
    if (command === 'K') this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column)
    if (command !== 'J') return
    this.#lines.length = this.#row + 1
    this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column)
  }
}
