/**
 * What `npm ci` and `npm pack` do after installing: they build the dashboard's page. Without the packages for development
 * (`--omit=dev`) there is nothing to build with, and the rest works. Plain JavaScript, because it may run on any Node.
 */
try {
  import.meta.resolve('rolldown')
  import.meta.resolve('preact')
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 18)) throw new Error(`Node ${process.versions.node} is too old`)
} catch (error) {
  console.error(`The dashboard's page was not built (${error.message}); npm ci builds it.`)
  process.exit(0)
}
await import('./page.ts')
