import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/**
 * What the project declares, with its doc comments: read from the `.d.ts` files that the compiler writes. There every
 * member ends with a semicolon and no function has a body, so a small reader is enough; TypeScript 7 has no API to ask.
 * It is strict: what it does not understand is an error, so it misses nothing silently.
 */
export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Declaration {
  readonly name: string
  readonly kind: 'interface' | 'class' | 'type' | 'function' | 'const'
  /** From the root of the project, such as `src/face/handle.ts`. */
  readonly file: string
  readonly doc: string
  /** What it extends or implements; for a type, what it is. */
  readonly type: string
  /** Of an interface, a class, or the object types within a type. */
  readonly members: readonly Member[]
}

export interface Member {
  readonly name: string
  readonly doc: string
  readonly type: string
  readonly isOptional: boolean
  /** Of an object type that is written in place. */
  readonly members: readonly Member[]
}

/** The declarations of all files, by file and name. Takes the compiler some three seconds. */
export class Declarations {
  readonly #files = new Map<string, Map<string, Declaration>>()
  readonly #imports = new Map<string, ReadonlyMap<string, { file: string; name: string }>>()
  readonly #texts = new Map<string, string>()
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What a file declares itself, exported or not. */
  in(file: string): ReadonlyMap<string, Declaration> {
    const known = this.#files.get(file)
    if (known) return known
    const text = this.#textOf(file)
    const found = new Map<string, Declaration>()
    for (const each of statements(text)) {
      const declaration = declarationOf(each, file)
      // Of an overloaded function the first signature speaks.
      if (declaration && !found.has(declaration.name)) found.set(declaration.name, declaration)
    }
    this.#files.set(file, found)
    return found
  }

  /** A declaration by name, as that file sees it: its own, an imported or a re-exported one. Undefined outside the project. */
  find(file: string, name: string): Declaration | undefined {
    const own = this.in(file).get(name)
    if (own) return own
    const borrowed = this.#borrowed(file).get(name)
    if (borrowed) return this.find(borrowed.file, borrowed.name)
    return undefined
  }

  /** What a file has from others of the project, by the name it has there. */
  #borrowed(file: string): ReadonlyMap<string, { file: string; name: string }> {
    const known = this.#imports.get(file)
    if (known) return known
    const found = new Map<string, { file: string; name: string }>()
    for (const [, names, from] of this.#textOf(file).matchAll(
      /(?:import|export)(?: type)? \{([^}]*)\} from '(\.[^']*)'/g,
    )) {
      for (const entry of names!.split(',')) {
        const [, original, alias] = /^\s*(?:type )?(\w+)(?: as (\w+))?\s*$/.exec(entry) ?? []
        if (original) found.set(alias ?? original, { file: resolveFrom(file, from!), name: original })
      }
    }
    this.#imports.set(file, found)
    return found
  }

  /** What a file exports, re-exports included. */
  exportsOf(file: string): Declaration[] {
    const text = this.#textOf(file)
    const found: Declaration[] = []
    for (const [, from] of text.matchAll(/export(?: type)? \* from '(\.[^']*)'/g)) {
      found.push(...this.exportsOf(resolveFrom(file, from!)))
    }
    for (const [, names] of text.matchAll(/export(?: type)? \{([^}]*)\}/g)) {
      for (const entry of names!.split(',').filter((each) => each.trim() !== '')) {
        const name = /(\w+)\s*$/.exec(entry)![1]!
        const declaration = this.find(file, name)
        if (!declaration) throw new Error(`${file} exports "${name}", which is declared nowhere.`)
        found.push(declaration)
      }
    }
    for (const each of statements(text)) {
      if (!/^export (?!\*|\{|type \*|type \{|default)/.test(each.code)) continue
      const declaration = declarationOf(each, file)
      if (declaration) found.push(declaration)
    }
    return found
  }

  #textOf(file: string): string {
    const known = this.#texts.get(file)
    if (known !== undefined) return known
    const text = readFileSync(join(this.#folder, file.replace(/\.ts$/, '.d.ts')), 'utf8')
    this.#texts.set(file, text)
    return text
  }
}

/** Lets the compiler write the declarations, reads what is asked for, and leaves no file behind. */
export function withDeclarations<Result>(read: (declarations: Declarations) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-declarations-'))
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const flags = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder]
    execFileSync(process.execPath, [compiler, ...flags], { cwd: root, encoding: 'utf8' })
    return read(new Declarations(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function resolveFrom(file: string, specifier: string): string {
  return relative('.', join(dirname(file), specifier))
}

interface Statement {
  readonly doc: string
  readonly code: string
}

/** The statements of a file, or the members of a body: what stands between semicolons, each with its doc comment. */
function statements(text: string): Statement[] {
  const found: Statement[] = []
  let doc = ''
  let code = ''
  let depth = 0
  const finish = () => {
    if (code.trim() !== '') found.push({ doc, code: code.trim() })
    doc = ''
    code = ''
  }
  for (let at = 0; at < text.length; at++) {
    const here = text[at]!
    if (text.startsWith('//', at)) {
      at = indexAfter(text, '\n', at)
    } else if (text.startsWith('/*', at)) {
      const end = indexAfter(text, '*/', at)
      const comment = text.slice(at, end + 1)
      // Within a statement a comment belongs to what is nested there, which is read again by itself.
      if (code.trim() === '') doc = comment.startsWith('/**') ? sentenceOf(comment) : doc
      else code += comment
      at = end
    } else if (here === "'" || here === '"' || here === '`') {
      const end = endOfString(text, at)
      code += text.slice(at, end + 1)
      at = end
    } else {
      code += here
      if ('([{'.includes(here)) depth++
      if (')]}'.includes(here)) depth--
      const isBlock =
        here === '}' &&
        depth === 0 &&
        /^(export )?(declare )?(abstract )?(interface|class) /.test(code.trim())
      if (depth === 0 && (here === ';' || isBlock)) finish()
    }
  }
  finish()
  if (depth !== 0) throw new Error('A declaration file has brackets that do not match.')
  return found
}

function indexAfter(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from + 2)
  return found === -1 ? text.length - 1 : found + wanted.length - 1
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[from]) return at
  }
  throw new Error('A declaration file has a string that does not end.')
}

/** The text of a doc comment in one line, without its stars. A blank line within it becomes a new sentence. */
export function sentenceOf(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

function declarationOf({ doc, code }: Statement, file: string): Declaration | undefined {
  const plain = code.replace(/^export /, '').replace(/^declare /, '')
  if (/^(import|export|\{|\*|type \*|type \{|default)/.test(plain)) return undefined
  const block = /^(?:abstract )?(interface|class) (\w+)(.*?)\{(.*)\}$/s.exec(plain)
  if (block) {
    const [, kind, name, heading, body] = block
    return {
      name: name!,
      kind: kind as 'class',
      file,
      doc,
      type: heading!.trim(),
      members: membersOf(body!, file),
    }
  }
  const type = /^type (\w+)(?:<.*?>)? = (.*);$/s.exec(plain)
  if (type) {
    const members = objectTypes(type[2]!).flatMap((body) => membersOf(body, file))
    return { name: type[1]!, kind: 'type', file, doc, type: withoutComments(type[2]!), members }
  }
  const value = /^(function|const|let|var) (\w+)(.*);$/s.exec(plain)
  if (!value) throw new Error(`${file}: this declaration is not understood: ${code.slice(0, 120)}`)
  const kind = value[1] === 'function' ? 'function' : 'const'
  return { name: value[2]!, kind, file, doc, type: withoutComments(value[3]!), members: [] }
}

function membersOf(body: string, file: string): Member[] {
  return statements(body).flatMap(({ doc, code }) => {
    const plain = code.replace(/;$/, '')
    if (plain === '#private' || /^(private|protected) /.test(plain)) return []
    const [, name, question, rest] =
      /^(?:(?:static|abstract|override|readonly|get|set|async|accessor) )*('[^']*'|"[^"]*"|[\w$]+|\[Symbol\.\w+\]|\[\w+: [^\]]+\]|(?=[(<]))(\??)(.*)$/s.exec(
        plain,
      ) ?? []
    if (name === undefined) throw new Error(`${file}: this member is not understood: ${code.slice(0, 120)}`)
    const type = rest!.replace(/^: /, '')
    const isProperty = rest!.startsWith(':')
    return [
      {
        name: name.replaceAll(/['"]/g, ''),
        doc,
        type: withoutComments(type),
        isOptional: question === '?',
        members:
          isProperty && !type.includes('=>')
            ? objectTypes(type).flatMap((each) => membersOf(each, file))
            : [],
      },
    ]
  })
}

/** The bodies of the outermost object types within a type. A mapped type has no members of its own. */
function objectTypes(type: string): string[] {
  const bodies: string[] = []
  let depth = 0
  let begun = 0
  for (let at = 0; at < type.length; at++) {
    if (type.startsWith('/*', at)) at = indexAfter(type, '*/', at)
    else if (type[at] === "'" || type[at] === '"') at = endOfString(type, at)
    else if (type[at] === '{' && depth++ === 0) begun = at + 1
    else if (type[at] === '}' && --depth === 0) bodies.push(type.slice(begun, at))
  }
  return bodies.filter((body) => !/^\s*[-+]?(readonly )?\[\w+ in /.test(body))
}

function withoutComments(type: string): string {
  return type
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
