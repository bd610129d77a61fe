import { hash } from 'node:crypto'

/**
 * A name for a page's file out of its URL, good on every file system: one segment of harmless characters, bounded, with
 * an extension. It ends in a digest of the request, so that two requests never share a file (`/download?id=1` and
 * `?id=2`) and the same request always gets the same. A counter was rejected: it would depend on the order of arrival.
 */
export function fileNameFor(url: string, mimeType: string, request: string): string {
  const segment = decode(lastSegment(url))
  const dot = segment.lastIndexOf('.')
  const own = dot > 0 ? segment.slice(dot + 1).toLowerCase() : ''
  const hasExtension = /^(?!\d+$)[a-z0-9]{1,10}$/.test(own)
  const stem = harmless(hasExtension ? segment.slice(0, dot) : segment) || 'index'
  const extension = hasExtension ? own : (extensionOf(mimeType) ?? 'bin')
  return `${bounded(stem)}-${hash('sha256', request).slice(0, 12)}.${extension}`
}

/** A type that a server made up may be named like a member of every object: `__proto__`. */
function extensionOf(type: string): string | undefined {
  return Object.hasOwn(extensions, type) ? extensions[type] : undefined
}

/** Characters of a URL's last segment that are looked at. */
const longestRead = 1_000

/** Bytes of the readable part; with digest and extension the whole stays far below the 255 that file systems allow. */
const longestStem = 100

function lastSegment(url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  return path.split('/').findLast((segment) => segment !== '') ?? ''
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** Separators, reserved and invisible characters become `_`; no dots or blanks at either end. */
function harmless(text: string): string {
  return text
    .slice(0, longestRead)
    .normalize('NFC')
    .replaceAll(/[/\\<>:"|?*%\p{C}\p{Zl}\p{Zp}]+/gu, '_')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[\s.]+|(?<![\s.])[\s.]+$/g, '')
}

function bounded(stem: string): string {
  let kept = ''
  let length = 0
  for (const character of stem) {
    length += Buffer.byteLength(character)
    if (length > longestStem) break
    kept += character
  }
  return kept
}

const extensions: Readonly<Record<string, string | undefined>> = {
  'application/epub+zip': 'epub',
  'application/gzip': 'gz',
  'application/javascript': 'js',
  'application/json': 'json',
  'application/ld+json': 'jsonld',
  'application/msword': 'doc',
  'application/pdf': 'pdf',
  'application/rss+xml': 'xml',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/x-7z-compressed': '7z',
  'application/x-bzip2': 'bz2',
  'application/x-gzip': 'gz',
  'application/x-ndjson': 'ndjson',
  'application/x-tar': 'tar',
  'application/x-xz': 'xz',
  'application/xhtml+xml': 'html',
  'application/xml': 'xml',
  'application/zip': 'zip',
  'application/zstd': 'zst',
  'audio/flac': 'flac',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/wav': 'wav',
  'font/woff2': 'woff2',
  'image/avif': 'avif',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tiff',
  'image/webp': 'webp',
  'text/calendar': 'ics',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/javascript': 'js',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'text/xml': 'xml',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
}
