// The figures of a stream, by the names and definitions of `streamways race --json`.

import type { Metadata } from '../stack/answer';
import type { Architecture } from '../stack/stack';

export type Figures = {
  /** From the request to the first text. */
  ttftMs: number | undefined;
  /** Output tokens over the time from the first text to the last. */
  tokensPerSecond: number | undefined;
  /** The longest silence between two pieces of text. */
  longestGapMs: number | undefined;
  /** Transport messages that carried parts. */
  messages: number;
  /** From the request to the last part. */
  totalMs: number;
  outputTokens: number | undefined;
  /** USD for the model, as the stream's metadata says. */
  modelCost: number | undefined;
};

export type Measured = { architecture: Architecture; figures: Figures };

/** When something came, in milliseconds from the request: pieces of text with the tokens so far, and the last part. */
export type Arrivals = { texts: readonly Point[]; lastMs: number; messages: number; metadata: Metadata };
export type Point = { atMs: number; tokens: number };

export function figuresOf({ texts, lastMs, messages, metadata }: Arrivals): Figures {
  const first = texts[0]?.atMs;
  const spread = (texts.at(-1)?.atMs ?? 0) - (first ?? 0);
  const gaps = texts.slice(1).map((text, index) => text.atMs - texts[index]!.atMs);
  const outputTokens = metadata.usage?.outputTokens;
  return {
    ttftMs: first,
    tokensPerSecond: outputTokens !== undefined && spread > 0 ? (outputTokens / spread) * 1000 : undefined,
    longestGapMs: gaps.length > 0 ? Math.max(...gaps) : undefined,
    messages,
    totalMs: lastMs,
    outputTokens,
    modelCost: metadata.cost?.model ?? undefined,
  };
}

const NAMES = ['ttftMs', 'tokensPerSecond', 'longestGapMs', 'messages', 'totalMs', 'outputTokens', 'modelCost'] as const;

/** Each figure's median over several runs; of a figure that some runs lack, over the others. */
export function medians(runs: readonly Figures[]): Figures {
  const found = NAMES.map(name => [name, median(runs.map(run => run[name]).filter(value => value !== undefined))] as const);
  return Object.fromEntries(found) as Figures;
}

function median(values: number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
