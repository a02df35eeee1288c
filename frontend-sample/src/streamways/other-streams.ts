// Tells a page of the streams that other tabs and devices of its user begin in a chat.
//
// AppSync publishes to all of them. A page that asks nothing subscribes to the chat, and hears of a stream with its first
// parts; what began while it could not hear is asked for.

import type { AppSyncApi } from './appsync-api';
import type { AppSyncRealtime } from './appsync-realtime';

/** A connection that was given up is opened again within this time: a laptop may sleep for hours. */
const LONGEST_PAUSE_MS = 10_000;

export class OtherStreams {
  readonly #api: AppSyncApi;
  readonly #realtime: AppSyncRealtime;
  readonly #own = new Set<string>();
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #follows = new Set<() => void>();

  constructor(api: AppSyncApi, realtime: AppSyncRealtime) {
    this.#api = api;
    this.#realtime = realtime;
  }

  /** The page itself starts or resumes this stream. */
  own(streamId: string): void {
    this.#own.add(streamId);
  }

  /** The page is at work in this chat until that is settled, and is told of nothing before. */
  busy(chatId: string, until: Promise<unknown>): void {
    this.#busy.set(chatId, until.catch(() => {}));
  }

  /** Calls `begun` once for each stream of others; returns what ends that. */
  follow(chatId: string, begun: (streamId: string) => void): () => void {
    const told = new Set<string>();
    let ended = false;
    let unsubscribe: Promise<() => void>;
    let pause: ReturnType<typeof setTimeout>;

    const tell = async (streamId: string) => {
      if (told.has(streamId)) return;
      told.add(streamId);
      // A resume has to say first whether it is this one; and what gives way to it has to be in the history.
      await this.#idle(chatId);
      if (!ended && !this.#own.has(streamId)) begun(streamId);
    };
    const ask = async () => {
      const streamId = await this.#api.active(chatId);
      if (streamId !== undefined) await tell(streamId);
    };
    // If it fails, a part that is published tells of what still runs.
    const missed = () => void ask().catch(() => {});
    const again = () => {
      if (!ended) pause = setTimeout(listen, Math.random() * LONGEST_PAUSE_MS);
    };
    const listen = () => {
      const subscriber = { parts: ({ streamId }: { streamId: string }) => void tell(streamId), reconnected: missed, failed: again };
      unsubscribe = this.#realtime.subscribe({ chatId }, subscriber);
      unsubscribe.then(missed, () => {});
    };
    const end = () => {
      ended = true;
      this.#follows.delete(end);
      clearTimeout(pause);
      unsubscribe.then(act => act(), () => {});
    };
    this.#follows.add(end);
    listen();
    return end;
  }

  /** Ends what follows. */
  close(): void {
    this.#follows.forEach(end => end());
  }

  async #idle(chatId: string): Promise<void> {
    for (let last; last !== this.#busy.get(chatId); ) {
      last = this.#busy.get(chatId);
      await last;
    }
  }
}
