// A race: one prompt over all ways at once; or a measurement of several, with medians.

import type { Tokens } from '../stack/connections';
import type { Architecture, Stack } from '../stack/stack';
import { type Figures, type Measured, medians } from './figures';
import { Lane } from './lane';

/** Runs that count, after one that only warms up. */
export const RUNS = 5;

export class Race {
  lanes: Lane[] = [];
  /** The figures of the runs that counted, by architecture. */
  measured = new Map<Architecture, Figures[]>();
  /** Which run it is: 0 is the warm-up; undefined for a single race. */
  run: number | undefined;
  busy = false;
  problem: string | undefined;
  readonly #stack: Stack;
  readonly #tokens: Tokens;
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #frame: number | undefined;
  #stopped = false;

  constructor(stack: Stack, tokens: Tokens) {
    this.#stack = stack;
    this.#tokens = tokens;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly version = (): number => this.#version;

  async once(prompt: string): Promise<void> {
    await this.#begin(async () => {
      this.run = undefined;
      await this.#race(prompt);
      this.#count();
    });
  }

  async measure(prompt: string): Promise<void> {
    await this.#begin(async () => {
      this.lanes = [];
      for (this.run = 0; this.run <= RUNS && !this.#stopped; this.run++) {
        // A measurement keeps the chats of its last run, and no others.
        await Promise.all(this.lanes.map(lane => lane.remove()));
        await this.#race(prompt);
        if (this.run > 0) this.#count();
      }
    });
  }

  stop(): void {
    this.#stopped = true;
    this.lanes.forEach(lane => lane.stop());
  }

  /** The figures of the last race; the medians of a measurement. */
  get results(): Measured[] {
    return [...this.measured].map(([architecture, runs]) => ({ architecture, figures: medians(runs) }));
  }

  async #begin(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.#stopped = false;
    this.problem = undefined;
    this.measured = new Map();
    try {
      await act();
    } catch (error) {
      this.problem = (error as Error).message;
    }
    this.busy = false;
    this.#changed();
  }

  async #race(prompt: string): Promise<void> {
    this.lanes = this.#stack.architectures.map(one => new Lane(one, this.#stack, this.#tokens, () => this.#changed()));
    this.#changed();
    await Promise.all(this.lanes.map(lane => lane.open()));
    await Promise.all(this.lanes.map(lane => lane.run(prompt)));
  }

  #count(): void {
    for (const { architecture, figures, status } of this.lanes)
      if (status !== 'failed') this.measured.set(architecture, [...(this.measured.get(architecture) ?? []), figures]);
  }

  /** Parts come faster than anybody sees: the page is drawn once a frame. */
  #changed(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#version += 1;
      this.#listeners.forEach(listener => listener());
    });
  }
}
