import { hidden, isSecretName, redact } from './redact.ts'

/**
 * How a body begins, for people who want to see what came instead of a page. A server may echo what it was sent, so what
 * stands behind a name like that of a secret goes, up to the end of the line. Undefined for what is no text.
 */
const most = 600
/** Of a body, at most so many are needed. */
export const excerptBytes = most * 2

export function excerpt(body: Uint8Array): string | undefined {
  if (body.length === 0) return undefined
  const text = new TextDecoder().decode(body.subarray(0, excerptBytes)).slice(0, most)
  return isText(text) ? redact(text).split('\n').map(withoutValue).join('\n') : undefined
}

/** No more than a few characters that no text has. */
function isText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being counted
  const odd = text.match(/[\u0000-\u0008\u000e-\u001f\ufffd]/g)?.length ?? 0
  return odd * 20 < text.length
}

/** `name: value`, `name=value` and `"name": "value"`, wherever in the line: from the first that is secret on, nothing. */
function withoutValue(line: string): string {
  const marks = /[:=]/g
  for (let found = marks.exec(line); found; found = marks.exec(line)) {
    const [name] = /[\w-]{0,40}$/.exec(
      line.slice(Math.max(0, found.index - 50), found.index).replace(/["'\s]{1,9}$/, ''),
    ) ?? ['']
    if (isSecretName(name)) return `${line.slice(0, found.index + 1)} ${hidden}`
  }
  return line
}
