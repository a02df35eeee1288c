// One stream of a race: from its request to its end, over whatever is done to it in between.

import type { UIMessageChunk } from 'ai';
import { Refusal } from 'streamways-client';
import type { Answer, Metadata } from '../stack/answer';
import { connect, type Connection, type Tokens } from '../stack/connections';
import type { Architecture, Stack } from '../stack/stack';
import { type Figures, figuresOf, type Point } from './figures';
import { LaneLine } from './line';

/** How the platform estimates tokens from text (docs/protocol.md, "Terminal part"). */
const CHARACTERS_PER_TOKEN = 4;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;
/** The reaper has ended the stream of a dead worker by then: docs/protocol.md, "When a worker dies". */
const PATIENCE_MS = 150_000;

export type Status = 'ready' | 'waiting' | 'streaming' | 'lost' | 'finished' | 'stopped' | 'failed';
/** A connection that was lost, and how long it took until the answer went on. */
export type Loss = { atMs: number; backAfterMs: number | undefined };

export class Lane {
  readonly architecture: Architecture;
  readonly chatId = crypto.randomUUID();
  status: Status = 'ready';
  text = '';
  points: Point[] = [];
  losses: Loss[] = [];
  problem: string | undefined;
  metadata: Metadata = {};
  /** Of the text, once it is complete: the same text, the same hash. */
  hash: string | undefined;
  readonly #line: LaneLine;
  readonly #connection: Connection;
  readonly #stop = new AbortController();
  readonly #changed: () => void;
  #began = 0;
  #lastMs = 0;
  #parts = 0;

  constructor(architecture: Architecture, stack: Stack, tokens: Tokens, changed: () => void) {
    this.architecture = architecture;
    this.#changed = changed;
    this.#line = new LaneLine(architecture);
    this.#connection = connect(architecture, stack, tokens, this.#line);
  }

  get figures(): Figures {
    const messages = this.architecture === 'appsync' ? this.#line.batches : this.#parts;
    return figuresOf({ texts: this.points, lastMs: this.#lastMs, messages, metadata: this.metadata });
  }

  get running(): boolean {
    return this.status === 'waiting' || this.status === 'streaming' || this.status === 'lost';
  }

  /** Opens the connection: what is measured begins with the prompt, as with `streamways race`. */
  async open(): Promise<void> {
    const { transport, follow } = this.#connection;
    await transport.reconnectToStream({ chatId: this.chatId });
    const end = follow?.(this.chatId, () => {});
    if (end) await this.#line.acknowledged;
    end?.();
  }

  async run(prompt: string): Promise<void> {
    this.#began = performance.now();
    this.status = 'waiting';
    const message: Answer = { id: crypto.randomUUID(), role: 'user', parts: [{ type: 'text', text: prompt }] };
    const abortSignal = this.#stop.signal;
    const start = () =>
      this.#connection.transport.sendMessages({ trigger: 'submit-message', chatId: this.chatId, messageId: undefined, messages: [message], abortSignal });
    try {
      await this.#read(start).catch(error => this.#recover(error));
      this.status = this.metadata.stopReason === 'cancelled' ? 'stopped' : 'finished';
      this.hash = await sha256(this.text);
    } catch (error) {
      this.status = abortSignal.aborted ? 'stopped' : 'failed';
      if (!abortSignal.aborted) this.problem = (error as Error).message;
    }
    if (abortSignal.aborted) await this.#settled();
    this.#connection.close();
    this.#changed();
  }

  /** Cuts the connection. The AI SDK's transports tell of it; AppSync's opens it again without a word. */
  cut(): void {
    if (!this.running) return;
    this.#line.cut();
    this.#lose();
  }

  /** Removes the chat that the stream was in. */
  async remove(): Promise<void> {
    await this.#connection.chats.remove(this.chatId).catch(() => {});
  }

  stop(): void {
    this.#stop.abort();
  }

  async #read(open: () => Promise<ReadableStream<UIMessageChunk> | null>): Promise<boolean> {
    const stream = await open();
    if (stream === null) return false;
    const reader = stream.getReader();
    let text = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      this.#take(next.value, (text += next.value.type === 'text-delta' ? next.value.delta : ''));
    }
    this.#stop.signal.throwIfAborted();
    return true;
  }

  /** A part has come, and with it so much text in all: a replay brings again what is there. */
  #take(part: UIMessageChunk, text: string): void {
    const atMs = performance.now() - this.#began;
    this.#parts += 1;
    this.#lastMs = atMs;
    if ('messageMetadata' in part) Object.assign(this.metadata, part.messageMetadata);
    if (text.length > this.text.length) {
      this.text = text;
      this.points.push({ atMs, tokens: text.length / CHARACTERS_PER_TOKEN });
      this.status = 'streaming';
      this.#back(atMs);
    }
    this.#changed();
  }

  /** Goes on with a stream whose connection was lost. Throws what it was refused with. */
  async #recover(error: unknown): Promise<void> {
    const lostMs = performance.now() - this.#began;
    let pause = FIRST_PAUSE_MS;
    for (let cause = error; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      if (this.#stop.signal.aborted || cause instanceof Refusal) throw cause;
      if (performance.now() - this.#began - lostMs > PATIENCE_MS) throw cause;
      this.#lose();
      await new Promise(resolve => setTimeout(resolve, pause));
      try {
        const found = await this.#read(() => this.#connection.transport.reconnectToStream({ chatId: this.chatId, abortSignal: this.#stop.signal }));
        if (!found) throw new TypeError('There was nothing to go on with.');
        return this.#back(performance.now() - this.#began);
      } catch (again) {
        cause = again;
      }
    }
  }

  #lose(): void {
    this.status = 'lost';
    if (this.losses.length === 0 || this.losses.at(-1)?.backAfterMs !== undefined)
      this.losses.push({ atMs: performance.now() - this.#began, backAfterMs: undefined });
    this.#changed();
  }

  #back(atMs: number): void {
    const loss = this.losses.at(-1);
    if (loss && loss.backAfterMs === undefined) loss.backAfterMs = atMs - loss.atMs;
  }

  /** What a stream that was stopped has used: it is in the chat a moment later. */
  async #settled(): Promise<void> {
    for (let attempt = 0; attempt < 8; attempt++) {
      const answer = (await this.#connection.history(this.chatId).catch(() => [])).at(-1);
      if (answer?.metadata?.stopReason) return void Object.assign(this.metadata, answer.metadata);
      await new Promise(resolve => setTimeout(resolve, 400));
    }
  }
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
