/** A chart of docs/img/machines, as scripts/page/build-page.ts gives it to the page. */
declare module '*.svg' {
  const markup: string
  // biome-ignore lint/style/noDefaultExport: what a bundler makes of a file is its default export.
  export default markup
}
