/** It says who asks: nobody else may ask the same. */
export function isPersonal(headers: Readonly<Record<string, string>>): boolean {
  for (const name in headers) {
    const lower = name.toLowerCase()
    if (lower === 'cookie' || lower === 'authorization') return true
  }
  return false
}
