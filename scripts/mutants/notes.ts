/** What was seen in the charts since it was last asked: one set for the whole worker, however often modules are loaded. */
const key = Symbol.for('regatta.mutants.notes')
const holder = globalThis as { [key]?: Set<string> }
holder[key] ??= new Set()
const notes = holder[key]

export function note(what: string): void {
  notes.add(what)
}

export function takeNotes(): string[] {
  const taken = [...notes]
  notes.clear()
  return taken
}
