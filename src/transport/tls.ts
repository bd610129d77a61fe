import { isIP, type Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
// As a whole: a name that an old Node lacks would end the import of the package before it could say so.
import * as tls from 'node:tls'
import type { Layers } from './layers.ts'
import { codeOf, Failure } from './step-failure.ts'

/**
 * TLS over a socket that stands already, for targets through a tunnel and for HTTPS proxies. Certificates are always
 * verified. No session tickets are kept: a ticket shown through two proxies would tell a host that they are one client.
 */
export function secure(
  socket: Socket,
  named: string,
  context: SecureContext,
  layers: Layers,
): Promise<TLSSocket | TlsFault> {
  // A name may end in a dot, the root of all names; certificates and servers know it without (RFC 6066, 3).
  const host = named.replace(/\.$/, '')
  return new Promise((resolve) => {
    const outer = tls.connect({
      socket,
      host,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) ? {} : { servername: host }),
    })
    layers.add(outer)
    let fault: TlsFault | undefined
    const onSecure = () => {
      outer.off('error', onError)
      outer.off('close', onClose)
      resolve(outer)
    }
    const onError = (error: Error) => {
      fault = { cause: causeOf(error, outer), code: codeOf(error) }
    }
    const onClose = () => {
      outer.off('secureConnect', onSecure)
      outer.off('error', onError)
      resolve(fault ?? { cause: 'tls-closed', code: '' })
    }
    outer.once('secureConnect', onSecure)
    outer.once('error', onError)
    outer.once('close', onClose)
  })
}

export interface TlsFault {
  readonly cause: 'tls-certificate' | 'tls-alert' | 'tls-closed'
  /** The system's code, for people. */
  readonly code: string
}

/** The authorities that are trusted: those of the runtime, and `ca` (PEM) beside them. */
export function createTrust(ca: string | readonly string[] | undefined): SecureContext {
  if (ca === undefined) return tls.createSecureContext()
  return tls.createSecureContext({
    ca: [...tls.getCACertificates('default'), ...(typeof ca === 'string' ? [ca] : ca)],
  })
}

export function tlsFailure(fault: TlsFault): Failure {
  const shown = fault.code === '' ? '' : ` (${fault.code})`
  switch (fault.cause) {
    case 'tls-certificate':
      return new Failure('tls', fault.cause, `The certificate of the target is not valid for it${shown}.`)
    case 'tls-alert':
      return new Failure('tls', fault.cause, `The TLS handshake with the target failed${shown}.`)
    case 'tls-closed':
      return new Failure('tls', fault.cause, `The connection ended inside the TLS handshake${shown}.`)
  }
}

export function proxyTlsFailure(fault: TlsFault): Failure {
  const shown = fault.code === '' ? '' : ` (${fault.code})`
  return new Failure('handshake', 'proxy-tls', `The TLS handshake with the proxy failed${shown}.`)
}

const connectionCodes = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ENOTCONN'])

/** OpenSSL's verification errors (X509_V_ERR_…), and that of the name check. */
const certificateCodes = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function causeOf(error: Error, socket: TLSSocket): TlsFault['cause'] {
  // Node sets this exactly when the chain or the name was found wanting; Deno gives the code alone.
  const code = codeOf(error)
  if (socket.authorizationError || certificateCodes.has(code)) return 'tls-certificate'
  return connectionCodes.has(code) ? 'tls-closed' : 'tls-alert'
}
