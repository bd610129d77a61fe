import type { Page } from '../contracts/page.ts'

/** A test leaves no files where its source would put them: what the page saves goes below this folder. */
export function saveBelow(page: Page, folder: string): void {
  const save = page.save.bind(page)
  Object.defineProperty(page, 'save', { value: async (path = '') => save(`${folder}/${path}`) })
}
