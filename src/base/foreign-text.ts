/**
 * Names, reasons, titles and URLs come from outside. What shows them shows text: no character that steers a terminal, that
 * turns the direction of a line or breaks it, or that XML does not allow, and in markup no markup.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is being removed
const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g

/** With a question mark for each character that steers. */
export function withoutSteering(text: string): string {
  return text.replace(steering, '?')
}

/** As it stands in HTML or SVG, within an element or within the quotes of an attribute. */
export function markupText(text: string): string {
  return withoutSteering(text).replace(/[&<>"']/g, (each) => entities[each]!)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
