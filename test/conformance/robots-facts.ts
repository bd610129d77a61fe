/** A file, who reads it, and URLs or paths that are asked about. */
export interface Asked {
  /** A text is UTF-8. */
  readonly file: string | Uint8Array
  /** Product token. */
  readonly agent: string
  readonly ask: readonly string[]
}

/** Which of them may be fetched. */
export type Allowed = readonly string[]

interface Facts {
  readonly title: string
  readonly file: string | Uint8Array
  readonly agent?: string
  readonly yes?: readonly string[]
  readonly no?: readonly string[]
  /** What we allow instead, and why. */
  readonly ours?: Allowed
  readonly why?: string
}

export function fact({ title, file, agent = 'FooBot', yes = [], no = [], ours, why }: Facts) {
  const input: Asked = { file, agent, ask: [...yes, ...no] }
  return { title, input, expected: yes, ...(ours && { differs: { ours, why: why! } }) }
}

export const foo = (...lines: string[]) => ['user-agent: FooBot', ...lines].join('\n')
export const all = (...lines: string[]) => ['user-agent: *', ...lines].join('\n')

/** Of a file that has rules for the asker alone. */
export function ruled(title: string, rules: readonly string[], answers: Pick<Facts, 'yes' | 'no'>) {
  return fact({ title, file: foo(...rules), ...answers })
}
