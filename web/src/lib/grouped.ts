/** A whole number in groups of three, as `toLocaleString('en')` has it; without what loading a locale costs: 40 ms of the first. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')
