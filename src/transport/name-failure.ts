/**
 * Does a proxy say that the host's name does not exist? RFC 9209 has `dns_error` for it, with the resolver's code beside:
 * SERVFAIL and its like are the resolver's own trouble and say nothing of the name. Squid names its error page.
 */
export function saysNotFound(proxyStatus: string | undefined, squidError: string | undefined): boolean {
  if (squidError?.startsWith('ERR_DNS_FAIL')) return true
  if (proxyStatus === undefined) return false
  const error = parameter(proxyStatus, 'error')
  if (error === 'destination_not_found') return true
  if (error !== 'dns_error') return false
  const rcode = parameter(proxyStatus, 'rcode')
  return rcode === undefined || rcode.toUpperCase() === 'NXDOMAIN'
}

/** The first parameter of that name: of the hop nearest to the target. */
function parameter(field: string, name: string): string | undefined {
  const found = [...field.matchAll(/;\s*([a-z_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]+)/gi)]
  return found.find((each) => each[1] === name)?.[2]?.replaceAll('"', '')
}
