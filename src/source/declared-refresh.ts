/** Where `<meta http-equiv=refresh content="5; url=/next">` leads to, by the HTML standard; undefined where it reloads. */
export function refreshTarget(content: string): string | undefined {
  const match = /^\s*(?:\d[\d.]*|\.[\d.]*)(?:\s*[;,]\s*|\s+)(.*)$/s.exec(content)
  if (!match) return undefined
  const target = match[1]!.replace(/^url\s*=\s*/i, '')
  const quote = target[0]
  if (quote !== '"' && quote !== "'") return target.trim() || undefined
  const end = target.indexOf(quote, 1)
  return target.slice(1, end < 0 ? undefined : end).trim() || undefined
}
