/**
 * Names of hosts in options: `example.com`, `example.com:8443`, or `*.example.com` for every host below it. They are
 * compared with the host of a URL, which is in lower case, in punycode, and without a usual port.
 */

/** Those of `patterns` that a host fits, the most specific last: wider suffixes, narrower ones, the name, the name and port. */
export function fittingPatterns(host: string, has: (pattern: string) => boolean): string[] {
  // A name with a dot at its end is the same name.
  const whole = host.replace(/\.(?=:\d+$|$)/, '')
  const name = whole.replace(/:\d+$/, '')
  const fitting: string[] = []
  if (whole !== name && has(whole)) fitting.push(whole)
  if (has(name)) fitting.push(name)
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const pattern = `*${name.slice(dot)}`
    if (has(pattern)) fitting.push(pattern)
  }
  return fitting.reverse()
}

/** Why no host can fit a pattern, as a part of a sentence; undefined when one can. */
export function faultOfPattern(pattern: string): string | undefined {
  const name = pattern.startsWith('*.') ? pattern.slice(2) : pattern
  const url = URL.parse(`http://${name}`)
  const isBare = url !== null && url.href === `http://${url.host}/`
  if (!isBare || name.includes('*')) return 'expected a host, such as "example.com" or "*.example.com"'
  if (/:(80|443)$/.test(name)) return 'a URL at its usual port has none in its host: leave the port out'
  if (pattern !== name && url.port !== '') return 'a pattern with "*." is for every port: leave the port out'
  if (url.host !== name) return `expected the host as URLs have it: "${pattern.replace(name, url.host)}"`
  return undefined
}
