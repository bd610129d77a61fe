/**
 * Bytes to text, as a browser would: a byte order mark wins, then the Content-Type header, then what the document says
 * of itself in its first 4 KiB, else UTF-8 if it is valid, else windows-1252 (WHATWG Encoding and HTML 13.2.3). Labels
 * are the runtime's own TextDecoder's. A statistical guess was rejected: it is wrong on short pages and cannot be explained.
 */
export function decodeText(body: Uint8Array, contentType: string): string {
  const label = markOf(body) ?? usable(fromHeader(contentType)) ?? fromDocument(body)
  if (label !== undefined) return new TextDecoder(label).decode(body)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return new TextDecoder('windows-1252').decode(body)
  }
}

function markOf(body: Uint8Array): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8'
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le'
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be'
  return undefined
}

function fromHeader(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType)?.[1]
}

function fromDocument(body: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(body.subarray(0, 4_096)).replace(/<!--[\s\S]*?(?:-->|$)/g, '')
  const xml = /^\s*<\?xml[^>]{0,200}?\sencoding\s{0,9}=\s{0,9}["']([^"']+)/i.exec(head)?.[1]
  // One pattern finds both <meta charset=…> and <meta http-equiv=content-type content="…; charset=…">.
  const meta = /<meta\s[^<>]{0,400}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([^\s"'/>;]+)/i.exec(head)?.[1]
  const label = usable(xml ?? meta)
  // It could be read byte by byte, so it is not UTF-16 whatever it claims; the standard says UTF-8 then.
  return label?.startsWith('utf-16') ? 'utf-8' : label
}

/** The decoder's own name of a label, or undefined for a label nobody knows. */
function usable(label: string | undefined): string | undefined {
  if (label === undefined) return undefined
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}
