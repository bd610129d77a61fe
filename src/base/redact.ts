/**
 * What must not be printed: passwords in URLs, and the values of what is named like a secret. Everything that says a
 * foreign text to people (messages, logs, the screen) sends it through here. Malformed URLs count too: a password that was
 * pasted with a typing error is a password.
 */

/** Words that a name is looked for, in lower case with its parts held apart by hyphens. */
const secretName =
  /password|passwd|passphrase|passcode|pwd|secret|token|cookie|credential|session|sessid|signature|bearer|jwt|csrf|xsrf|api-?key|auth(?!ors?(-|$))|(^|-)(keys?|pass|sig|sid|pin|otp|crumb)(-|$)/

/** Whether what goes by this name (a header, a param, a field of a query or of an object) is taken for a secret. */
export function isSecretName(name: string): boolean {
  const parts = name.replace(/([a-z\d])([A-Z])/g, '$1-$2').replace(/[^a-zA-Z\d]+/g, '-')
  return secretName.test(parts.toLowerCase())
}

/** Stands where something was left out. */
export const hidden = '…'

/** A text without the user and password of any URL in it, and without query values whose names say that they are secret. */
export function redact(text: string): string {
  const bare = text.includes('@') || entry.test(text) ? text.split(between).map(withoutLogin).join('') : text
  return bare.includes('=') ? bare.replace(queryPair, withoutValue) : bare
}

/** `host:port:user:password`, as lists of proxies have it; a line and a column of a stack are numbers. */
const entry = /:\d{1,5}:(?=[^\s\d])/
/** What ends a word; kept when a text is split. */
const between = /([\s"'`<>]+)/
const queryPair = /([?&;])([\w.~%+[\]-]{1,64})=([^&;#\s"'`<>]+)/g

function withoutValue(pair: string, mark: string, name: string): string {
  return isSecretName(name) ? `${mark}${name}=${hidden}` : pair
}

/** One word. */
function withoutLogin(word: string): string {
  if (word.includes('@')) return withoutUser(word)
  const found = entry.exec(word)
  return found ? `${word.slice(0, found.index + found[0].length)}${hidden}` : word
}

/** One word that has an @ in it. */
function withoutUser(word: string): string {
  const [scheme] = /^[^\w]*[a-z][a-z\d+.-]*:[/\\]+/i.exec(word) ?? ['']
  const rest = word.slice(scheme.length)
  const end = rest.search(/[/?#\\]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  const at = authority.lastIndexOf('@')
  if (at >= 0) {
    // An address of mail has no colon, and is no login unless a scheme says so.
    if (scheme === '' && !authority.slice(0, at).includes(':')) return word
    return `${scheme}${hidden}@${authority.slice(at + 1)}${end === -1 ? '' : rest.slice(end)}`
  }
  if (scheme === '')
    return word
      .split(/([/\\])/)
      .map(withoutPair)
      .join('')
  // What stands behind a colon and is no port is a password that a slash has cut in two.
  if (!/:(?!\d*$)/.test(authority)) return word
  return `${scheme}${hidden}@${rest.slice(rest.lastIndexOf('@') + 1)}`
}

/** A part of a path that reads `user:password@host`. */
function withoutPair(part: string): string {
  const at = part.lastIndexOf('@')
  return at >= 0 && part.slice(0, at).includes(':') ? `${hidden}@${part.slice(at + 1)}` : part
}

/** Headers with the values of those hidden that are named like a secret. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecretName(name) ? hidden : redact(value)]),
  )
}
