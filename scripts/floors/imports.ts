import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseSync } from 'rolldown/utils'
import { lineAt, walkTree } from '../syntax.ts'

/** What a file names of another: by `import`, `export … from`, `import('…')`, as a type or a value, or by `new URL('…')`. */
export interface Import {
  readonly line: number
  /** As written. */
  readonly specifier: string
  /** The file, seen from the root of the project; undefined for npm packages and what comes with the runtime. */
  readonly target: string | undefined
  readonly isType: boolean
}

/** Says which file of a project a specifier means. */
export class Resolution {
  readonly #files: ReadonlySet<string>
  readonly #name: string
  readonly #doors: Readonly<Record<string, unknown>>

  constructor(root: string, files: ReadonlySet<string>) {
    this.#files = files
    const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string
      exports: Record<string, unknown>
    }
    this.#name = name
    this.#doors = exports
  }

  /** Throws for a path that leads to no file of the project: an edge that nobody sees would make every rule worthless. */
  fileOf(specifier: string, from: string): string | undefined {
    if (specifier.startsWith('.'))
      return this.#known(normalize(join(dirname(from), specifier)), specifier, from)
    if (specifier !== this.#name && !specifier.startsWith(`${this.#name}/`)) return undefined
    const door = `.${specifier.slice(this.#name.length)}`
    const behind = this.#behind(door)
    if (behind === undefined)
      throw new Error(`${from} imports "${specifier}", which package.json does not export.`)
    return this.#known(behind, specifier, from)
  }

  has(file: string): boolean {
    return this.#files.has(file)
  }

  #known(file: string, specifier: string, from: string): string {
    if (this.#files.has(file)) return file
    throw new Error(`${from} imports "${specifier}", and there is no ${file}.`)
  }

  /** The source behind a public door: `./dist/src/lab/index.js` is built from `src/lab/index.ts`. */
  #behind(door: string): string | undefined {
    for (const [pattern, target] of Object.entries(this.#doors)) {
      const [head, tail] = pattern.split('*')
      const isSame = pattern === door
      if (!isSame && (tail === undefined || !door.startsWith(head!) || !door.endsWith(tail))) continue
      const star = isSame ? '' : door.slice(head!.length, door.length - tail!.length)
      const built = firstString(target)?.replace('*', star)
      return built?.replace(/^\.\/(dist\/)?/, '').replace(/(\.d)?\.[jt]s$/, '.ts')
    }
    return undefined
  }
}

function firstString(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  return Object.values(target as object)
    .map(firstString)
    .find((each) => each !== undefined)
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [part: string]: unknown
}

export function readImports(file: string, code: string, resolution: Resolution): Import[] {
  const { program, errors } = parseSync(file, code, { lang: 'ts' })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`)
  const found: Import[] = []
  const add = (node: Node, specifier: string, isType: boolean) => {
    const target = resolution.fileOf(specifier, file)
    found.push({ line: lineAt(code, node.start), specifier, target, isType })
  }
  walkTree(program, (each) => {
    const node = each as unknown as Node
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const specifier = textOf(node.source)
        if (specifier !== undefined) add(node, specifier, isOnlyTypes(node))
        return
      }
      case 'ImportExpression':
      case 'TSImportType': {
        const specifier = textOf(node.source)
        if (specifier !== undefined) add(node, specifier, node.type === 'TSImportType')
        return
      }
      case 'NewExpression':
        for (const specifier of addressesIn(node)) {
          // What is not code, such as package.json, has no room.
          if (resolution.has(normalize(join(dirname(file), specifier)))) add(node, specifier, false)
        }
    }
  })
  return found
}

/** `import type`, or nothing but names that are marked as types. */
function isOnlyTypes(node: Node): boolean {
  if (node.importKind === 'type' || node.exportKind === 'type') return true
  const names = (node.specifiers ?? []) as { importKind?: string; exportKind?: string }[]
  return names.length > 0 && names.every((name) => name.importKind === 'type' || name.exportKind === 'type')
}

function textOf(source: unknown): string | undefined {
  const { type, value } = (source ?? {}) as { type?: string; value?: unknown }
  return type === 'Literal' && typeof value === 'string' ? value : undefined
}

/** The files that a `new URL(…, import.meta.url)` may mean, whether the code runs from its source or was built. */
function addressesIn(node: Node): string[] {
  const { name } = node.callee as { name?: string }
  const [first, base] = node.arguments as [Node?, Node?]
  if (name !== 'URL' || !first || base?.type !== 'MemberExpression') return []
  const found = new Set<string>()
  walkTree(first, (each) => {
    const part = each as unknown as Node
    const text = textOf(part)
    if (text?.startsWith('.')) found.add(text.replace(/\.js$/, '.ts'))
    // `../index.${extension}`
    if (part.type === 'TemplateLiteral') {
      const [head] = part.quasis as { value: { cooked: string } }[]
      if (head!.value.cooked.endsWith('.')) found.add(`${head!.value.cooked}ts`)
    }
  })
  return [...found]
}
