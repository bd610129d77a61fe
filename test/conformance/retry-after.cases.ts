import type { Standard } from './standard.ts'

/** 21 November 2026, 12:00:00 GMT, in ms: when the answer came. */
export const now = Date.UTC(2026, 10, 21, 12)

const floor = 'a wait has a floor of a second, so that no header makes us spin'

/** What a `Retry-After` header asks for, in milliseconds; undefined where it asks for nothing. */
export const standard: Standard<string, number | undefined> = {
  name: 'RFC 9110, 10.2.3',
  about: 'Retry-After: seconds or a date in three forms, and what is sent instead',
  source: 'own cases by the grammar, and what servers send by public bug reports of clients',
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
      differs: { ours: 1_000, why: floor },
    },
    {
      title: 'ten years',
      input: 'Sun, 21 Nov 2036 12:00:30 GMT',
      expected: Date.UTC(2036, 10, 21, 12, 0, 30) - now,
      differs: { ours: 3_600_000, why: 'no header stops a crawl for more than an hour' },
    },
    { title: 'a date in the past', input: 'Sat, 21 Nov 2026 11:59:00 GMT', expected: undefined },
    { title: 'a date in another zone', input: 'Sat, 21 Nov 2026 13:00:30 +0100', expected: 30_000 },
    {
      title: 'a date in lower case without its weekday',
      input: '21 nov 2026 12:00:30 gmt',
      expected: 30_000,
    },
    { title: 'a date of ISO 8601', input: '2026-11-21T12:00:30Z', expected: 30_000 },
    { title: 'a day that does not exist', input: 'Mon, 31 Nov 2026 12:00:30 GMT', expected: undefined },
    { title: 'a fraction of seconds', input: '90.5', expected: 90_500 },
    { title: 'less than a second', input: '0.493', expected: 493, differs: { ours: 1_000, why: floor } },
    { title: 'seconds with their unit', input: '30s', expected: 30_000 },
    { title: 'seconds in words', input: '30 seconds', expected: 30_000 },
    { title: 'minutes and seconds, as Go prints them', input: '1m30s', expected: 90_000 },
    { title: 'milliseconds with their unit', input: '2500ms', expected: 2_500 },
    { title: 'seconds in quotes', input: '"120"', expected: 120_000 },
    { title: 'Unix time', input: '1795262430', expected: 30_000 },
    { title: 'Unix time with a fraction', input: '1795262430.25', expected: 30_250 },
    { title: 'Unix time in milliseconds', input: '1795262430000', expected: 30_000 },
    { title: 'Unix time in the past', input: '1795262000', expected: undefined },
    { title: 'twice, joined by a comma', input: '120, 60', expected: 120_000 },
    { title: 'more digits than a number holds', input: '9'.repeat(20), expected: 3_600_000 },
    { title: 'an exponent', input: '1e3', expected: undefined },
    { title: 'hexadecimal', input: '0x1E', expected: undefined },
    { title: 'a sign', input: '+120', expected: undefined },
    { title: 'seconds with junk behind them', input: '120junk', expected: undefined },
    { title: 'a year alone', input: '2026-', expected: undefined },
    { title: 'a negative number', input: '-5', expected: undefined },
    { title: 'words', input: 'in a moment', expected: undefined },
    { title: 'nothing', input: '', expected: undefined },
  ],
}
