/**
 * What a good page is, the same for every peer (the Python and Rust programs say it in their own words): it names its own
 * number, and nobody added a script of a foreign host.
 */
export function isOwnPage(text, url) {
  const number = /\/page\/(\d+)/.exec(url)?.[1]
  return text.includes(`Page ${number}:`) && !/<script[^>]+src=["']?(https?:)?\/\//.test(text)
}
