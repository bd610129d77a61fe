import type { Standard } from './standard.ts'

/** 21 November 2026, 12:00:00 GMT, in ms: when the answer came. */
export const now = Date.UTC(2026, 10, 21, 12)

/** What a `Retry-After` header asks for, in milliseconds; undefined where it asks for nothing. */
export const standard: Standard<string, number | undefined> = {
  name: 'RFC 9110, 10.2.3',
  about: 'Retry-After: seconds or a date in three forms',
  source: 'own cases by the grammar, and what servers send',
  cases: [
    { title: 'seconds', input: '120', expected: 120_000 },
    { title: 'space around it', input: ' 120 ', expected: 120_000 },
    { title: 'an IMF-fixdate', input: 'Sat, 21 Nov 2026 12:00:30 GMT', expected: 30_000 },
    { title: 'a date as RFC 850 writes it', input: 'Saturday, 21-Nov-26 12:00:30 GMT', expected: 30_000 },
    { title: 'a date as asctime writes it', input: 'Sat Nov 21 12:00:30 2026', expected: 30_000 },
    {
      title: 'no seconds at all',
      input: '0',
      expected: 0,
      differs: { ours: 1_000, why: 'a wait has a floor of a second, so that no header makes us spin' },
    },
    {
      title: 'ten years',
      input: 'Sun, 21 Nov 2036 12:00:30 GMT',
      expected: Date.UTC(2036, 10, 21, 12, 0, 30) - now,
      differs: { ours: 3_600_000, why: 'no header stops a crawl for more than an hour' },
    },
    { title: 'a date in the past', input: 'Sat, 21 Nov 2026 11:59:00 GMT', expected: undefined },
    { title: 'a negative number', input: '-5', expected: undefined },
    { title: 'words', input: 'in a moment', expected: undefined },
    { title: 'nothing', input: '', expected: undefined },
  ],
}
