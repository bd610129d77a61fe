import { Buffer } from 'node:buffer'
import { fillVariables } from '../base/variables.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { SessionPass } from '../contracts/source-session.ts'

/**
 * How an interface is told who asks, as one line of text that names variables of the environment and holds no secret:
 *
 *   bearer ${TOKEN}                authorization: Bearer …
 *   basic ${USER}:${PASSWORD}      authorization: Basic …
 *   header X-Api-Key: ${KEY}       any header
 *   query api_key=${KEY}           a parameter of the query
 */
export const accessForms =
  'bearer ${TOKEN}, basic ${USER}:${PASSWORD}, header NAME: ${KEY} or query NAME=${KEY}'

const line = /^(bearer|basic|header|query)\s+(\S.*)$/is

/** What is wrong with it, as the end of a sentence; undefined when it can be used. */
export function faultOfAccess(text: string): string | undefined {
  const [, form = '', rest = ''] = line.exec(text.trim()) ?? []
  const isNamed =
    (form.toLowerCase() !== 'header' || /^[\w!#$%&'*+.^`|~-]+\s*:/.test(rest)) &&
    (form.toLowerCase() !== 'query' || /^[^\s=]+=/.test(rest))
  if (form === '' || !isNamed) return `expected ${accessForms}`
  if (!rest.includes('${')) return 'a key does not stand here: write ${NAME}, and set NAME in the environment'
  return undefined
}

/** The headers and parameters that they mean. Throws MISSING_API_KEY for a variable that is not set; `what` begins its sentence. */
export function readAccess(
  texts: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  what: string,
): SessionPass {
  const headers: Record<string, string> = {}
  const query: Record<string, string> = {}
  const fill = (text: string) => fillSecrets(text, env, what)
  for (const text of texts) {
    const [, form = '', rest = ''] = line.exec(text.trim()) ?? []
    const end = rest.search(form.toLowerCase() === 'query' ? '=' : ':')
    const name = rest.slice(0, end).trim()
    const value = () => fill(rest.slice(end + 1).trim())
    if (form.toLowerCase() === 'bearer') headers.authorization = `Bearer ${fill(rest)}`
    else if (form.toLowerCase() === 'basic')
      headers.authorization = `Basic ${Buffer.from(fill(rest)).toString('base64')}`
    else if (form.toLowerCase() === 'header') headers[name.toLowerCase()] = value()
    else query[name] = value()
  }
  return { headers, query }
}

/** A text with the variables of the environment in their places. Throws MISSING_API_KEY. */
export function fillSecrets(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  what: string,
): string {
  return fillVariables(text, env, (name) => {
    const sentence = `${what} needs the variable ${name}, which is not set. Set ${name} in the environment.`
    return new RegattaError('MISSING_API_KEY', sentence, { value: { variable: name } })
  })
}
