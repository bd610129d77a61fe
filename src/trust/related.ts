/** Answers that have less than this in common are no versions of one page. */
export const related = 0.35
