/**
 * Keys stand in the environment, and what is written down names them: `${ACME_KEY}` in an address or a header of a list, or in
 * a param of a source. So a configuration file can be shared, and no key is in the history of a shell.
 */
const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** The text with its variables in their places. What `missing` makes of the first that is not set, or is empty, is thrown. */
export function fillVariables(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  missing: (name: string) => Error,
): string {
  return text.replace(variable, (_, name: string) => {
    const value = env[name]?.trim()
    if (!value) throw missing(name)
    return value
  })
}

/** The names of the variables in these texts. */
export function variablesIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [...text.matchAll(variable)].map(([, name]) => name!))
}
