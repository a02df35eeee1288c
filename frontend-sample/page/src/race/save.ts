// Results as a file: JSON with the names of `streamways race --json`, or a table for a spreadsheet.

import type { Measured } from './figures';

export type Saved = { prompt: string; at: string; source: 'emulated' | 'measured'; runs: number; results: Measured[] };

export function asJson(saved: Saved): string {
  const results = saved.results.map(({ architecture, figures: { modelCost, ...figures } }) => ({
    architecture,
    ...figures,
    cost: modelCost === undefined ? null : { currency: 'USD', model: modelCost },
  }));
  return JSON.stringify({ ...saved, results }, null, 2);
}

export function asCsv({ results, ...run }: Saved): string {
  const rows = results.map(({ architecture, figures }) => ({ ...run, architecture, ...figures }));
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map(row => Object.values(row).map(cell).join(','));
  return [names.join(','), ...lines, ''].join('\r\n');
}

/** Quoted as https://www.rfc-editor.org/rfc/rfc4180 has it; a spreadsheet would run a text that begins like a formula. */
function cell(value: unknown): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
