// Figures as the command line writes them.

/** `312 ms`, `4.2 s`; a dash for what is not known. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

/** `$0.0000612`: answers cost fractions of a cent. */
export function dollars(value: number | undefined): string {
  return value === undefined ? '–' : `$${value.toFixed(value < 0.01 ? 7 : 2)}`;
}
