/**
 * The page that a browser opens at the bridge: a frame with Stately's own inspector, and a script that hands it what the
 * bridge says. Stately's page comes from the internet, and so does nothing else; what it is shown stays in the browser,
 * as far as that page keeps it there. The bridge is asked when the frame says that it is ready, so that it hears of
 * everything that lives.
 */
export interface InspectorPage {
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

/** `nonce`: unguessable, new for each answer. `inspector`: the page in the frame. */
export function inspectorPage(inspector: URL, socket: string, nonce: string): InspectorPage {
  const { origin } = inspector
  const policy = [
    "default-src 'none'",
    `frame-src ${origin}`,
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    `connect-src ${socket}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    html: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Regatta: inspector</title>
<style nonce="${nonce}">
  html, body { height: 100%; margin: 0; font: 14px/1.5 system-ui, sans-serif; color-scheme: light dark }
  iframe { width: 100%; height: 100%; border: 0; display: block }
  p { position: fixed; inset: auto 0 0 0; margin: 0; padding: 8px 16px; background: Canvas; color: CanvasText }
  p:empty { display: none }
</style>
<iframe src="${inspector.href}" referrerpolicy="no-referrer" sandbox="allow-scripts allow-same-origin allow-popups"></iframe>
<p role="status">Waiting for ${inspector.href}, which comes from the internet.</p>
<script nonce="${nonce}">
  const page = ${JSON.stringify(origin)}
  const frame = document.querySelector('iframe')
  const line = document.querySelector('p')
  const token = new URL(location.href).search
  history.replaceState(null, '', '/')
  let socket
  addEventListener('message', ({ data, origin, source }) => {
    if (origin !== page || source !== frame.contentWindow || data?.type !== '@statelyai.connected') return
    socket?.close()
    socket = new WebSocket(${JSON.stringify(socket)} + '/' + token)
    socket.onopen = () => { line.textContent = '' }
    socket.onmessage = ({ data }) => frame.contentWindow.postMessage(JSON.parse(data), page)
    socket.onclose = ({ reason }) => { line.textContent = reason || 'The crawl has ended, or the bridge was closed.' }
  })
</script>
</html>
`,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  }
}
