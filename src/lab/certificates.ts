import { generateKeyPairSync } from 'node:crypto'
import { isIP } from 'node:net'

/**
 * The lab's own certificate authority, and a second one that nobody trusts. Certificates are made by node-forge, loaded
 * only when a scenario speaks TLS (no dependencies and no global patches; @peculiar/x509 wants a reflection polyfill in
 * the user's process). One key pair serves all leaves: making RSA keys is the slow part, and nothing here is secret.
 */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

export type CertificateFlaw = 'good' | 'expired' | 'wrong-name' | 'untrusted'

export interface Authority {
  /** PEM of the trusted authority. */
  readonly ca: string
  issue(names: readonly string[], flaw?: CertificateFlaw): Certificate
}

const day = 86_400_000

/** `now` is wall-clock time in ms. */
export async function createAuthority(now: number): Promise<Authority> {
  const { default: forge } = await import('node-forge')
  let serial = 1

  const keys = () => {
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    return {
      pem: pair.privateKey,
      private: forge.pki.privateKeyFromPem(pair.privateKey),
      public: forge.pki.publicKeyFromPem(pair.publicKey),
    }
  }
  const blank = (subject: string, issuer: string, from: number, to: number) => {
    const certificate = forge.pki.createCertificate()
    certificate.serialNumber = `01${(serial++).toString(16).padStart(6, '0')}`
    certificate.validity.notBefore = new Date(from)
    certificate.validity.notAfter = new Date(to)
    certificate.setSubject([{ name: 'commonName', value: subject }])
    certificate.setIssuer([{ name: 'commonName', value: issuer }])
    return certificate
  }
  const authority = (name: string) => {
    const own = keys()
    const root = blank(name, name, now - day, now + 3_650 * day)
    root.publicKey = own.public
    root.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ])
    root.sign(own.private, forge.md.sha256.create())
    return { name, key: own.private, pem: forge.pki.certificateToPem(root) }
  }

  const trusted = authority('Regatta lab authority')
  let forger: ReturnType<typeof authority> | undefined
  const leafKeys = keys()

  return {
    ca: trusted.pem,
    issue(names, flaw = 'good') {
      forger ??= flaw === 'untrusted' ? authority('Somebody else') : undefined
      const by = flaw === 'untrusted' ? forger! : trusted
      const shown = flaw === 'wrong-name' ? ['somewhere-else.lab'] : names
      const expired = flaw === 'expired'
      const leaf = blank(shown[0]!, by.name, now - 30 * day, expired ? now - day : now + 365 * day)
      leaf.publicKey = leafKeys.public
      leaf.setExtensions([
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: shown.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
        },
      ])
      leaf.sign(by.key, forge.md.sha256.create())
      return { key: leafKeys.pem, cert: forge.pki.certificateToPem(leaf) }
    },
  }
}
