// The AI SDK's chat over AppSync: subscribe first, then start; reorder what comes, and ask the journal for what does not.

import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai';
import { AppSyncApi, type AppSyncApiOptions, type PartBatch, type PartPage } from './appsync-api';
import { AppSyncRealtime, type AppSyncRealtimeOptions } from './appsync-realtime';
import { isTerminal, OrderedParts } from './ordered-parts';
import { OtherStreams } from './other-streams';
import { Refusal } from './refusals';
import { Resumes } from './resumes';

/** After so much silence the journal is asked: at first soon, for a publish that was lost, then ever more rarely. */
const FIRST_SILENCE_MS = 1_000;
const LONGEST_SILENCE_MS = 8_000;
/** Publishes overtake each other by less than this; then the journal is asked for what is missing. */
const GAP_MS = 300;
/** A stream that began on another transport is not published here: its journal is followed. */
const FOLLOWED_SILENCE_MS = 300;

type Follow = {
  chatId: string;
  streamId: string;
  /** Whether the message is built anew: then it begins with what it held before this stream. */
  replay: boolean;
  abortSignal: AbortSignal | undefined;
  longestSilenceMs: number;
  /** Done when the reader stops. */
  stopped: () => void;
};

/** Use it as `useChat({ transport: new AppSyncChatTransport({ url, realtimeUrl, accessToken }) })`. */
export class AppSyncChatTransport<Message extends UIMessage = UIMessage> implements ChatTransport<Message> {
  /** A resumed stream is given from its first part. */
  readonly resumeStreamIsReplay = true;
  readonly #api: AppSyncApi;
  readonly #realtime: AppSyncRealtime;
  readonly #others: OtherStreams;
  readonly #resumes = new Resumes();

  constructor(options: AppSyncApiOptions & AppSyncRealtimeOptions) {
    this.#api = new AppSyncApi(options);
    this.#realtime = new AppSyncRealtime(options);
    this.#others = new OtherStreams(this.#api, this.#realtime);
  }

  async sendMessages({ chatId, messages, trigger, messageId, abortSignal }: Parameters<ChatTransport<Message>['sendMessages']>[0]) {
    const streamId = crypto.randomUUID();
    const cancel = () => void this.#api.cancel(streamId).catch(() => {});
    const follow = { chatId, streamId, replay: false, abortSignal, longestSilenceMs: LONGEST_SILENCE_MS, stopped: cancel };
    // The history is the server's: it takes the last message.
    return this.#follow(follow, () => this.#api.start({ streamId, chatId, messages: messages.slice(-1), trigger, messageId }));
  }

  async reconnectToStream({ chatId, abortSignal }: Parameters<ChatTransport<Message>['reconnectToStream']>[0]) {
    const resume = this.#resumes.begun(chatId);
    const active = this.#api.active(chatId);
    this.#others.busy(chatId, active);
    const streamId = await active;
    if (streamId === undefined) return null;
    const cancel = () => void this.#api.cancel(streamId).catch(() => {});
    const stopped = () => this.#resumes.dropped(chatId, resume, cancel);
    const follow = { chatId, streamId, replay: true, abortSignal, longestSilenceMs: FOLLOWED_SILENCE_MS, stopped };
    return this.#follow(follow, async () => {});
  }

  /**
   * Calls `begun` once for each stream that this user begins in a chat over AppSync, but not with this transport: in
   * another tab, on another device. Called when a stream of this transport is over, if one runs. Returns what ends it.
   */
  follow(chatId: string, begun: (streamId: string) => void): () => void {
    return this.#others.follow(chatId, begun);
  }

  /** Closes the connection to AppSync, and ends what follows a chat. */
  close(): void {
    this.#others.close();
    this.#realtime.close();
  }

  /** The stream's parts from the first on. `begin` is called once nothing that is published can be missed. */
  async #follow(follow: Follow, begin: () => Promise<void>): Promise<ReadableStream<UIMessageChunk>> {
    follow.abortSignal?.throwIfAborted();
    const reader = new Reader(this.#api, follow);
    this.#others.own(follow.streamId);
    this.#others.busy(follow.chatId, reader.ended);
    const unsubscribe = await this.#realtime.subscribe({ streamId: follow.streamId }, {
      parts: batch => reader.take(batch),
      reconnected: () => reader.ask(),
      failed: error => reader.fail(error),
    });
    reader.onEnd(unsubscribe);
    try {
      await begin();
      if (follow.replay) reader.open(await this.#api.parts(follow.streamId, null));
    } catch (error) {
      reader.close();
      throw error;
    }
    reader.listen();
    return reader.stream;
  }
}

/** One stream on its way to the chat. */
class Reader {
  readonly stream: ReadableStream<UIMessageChunk>;
  /** Settled when nothing more comes. */
  readonly ended: Promise<void>;
  readonly #api: AppSyncApi;
  readonly #follow: Follow;
  readonly #parts = new OrderedParts();
  readonly #aborted = () => this.#stop();
  #controller!: ReadableStreamDefaultController<UIMessageChunk>;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #silenceMs: number;
  /** What was published before a replay has its first page; undefined once it has. */
  #early: PartBatch[] | undefined;
  #listening = false;
  #gap = false;
  #asking = false;
  #ended = false;
  #settled!: () => void;
  #unsubscribe = () => {};

  constructor(api: AppSyncApi, follow: Follow) {
    this.#api = api;
    this.#follow = follow;
    this.#early = follow.replay ? [] : undefined;
    this.#silenceMs = Math.min(FIRST_SILENCE_MS, follow.longestSilenceMs);
    this.ended = new Promise(resolve => (this.#settled = resolve));
    this.stream = new ReadableStream({
      start: controller => void (this.#controller = controller),
      cancel: () => this.#stop(),
    });
    follow.abortSignal?.addEventListener('abort', this.#aborted, { once: true });
  }

  onEnd(unsubscribe: () => void): void {
    if (this.#ended) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  /** Minds the silence from now on. */
  listen(): void {
    if (this.#ended) return;
    this.#listening = true;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.ask(), this.#gap ? GAP_MS : this.#silenceMs);
  }

  /** Begins a replay with the first page of the journal. */
  open(page: PartPage): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const part of page.preamble) if (!this.#ended) this.#controller.enqueue(JSON.parse(part) as UIMessageChunk);
    this.#read(page);
    early.forEach(batch => this.take(batch));
  }

  take(batch: PartBatch): void {
    if (this.#early) return void this.#early.push(batch);
    const { due } = this.#parts;
    for (const part of this.#parts.take(batch)) {
      if (this.#ended) return;
      this.#controller.enqueue(part);
      if (isTerminal(part)) return this.close();
    }
    const advanced = this.#parts.due > due;
    if (advanced) this.#silenceMs = Math.min(FIRST_SILENCE_MS, this.#follow.longestSilenceMs);
    // What comes behind a gap is no sign of life for what is missing: the clock runs on.
    if (advanced || this.#gap !== this.#parts.gap) {
      this.#gap = this.#parts.gap;
      this.listen();
    }
  }

  /** Asks the journal for what has not come. A stream that has not begun yet has none. */
  async ask(): Promise<void> {
    if (this.#asking || this.#ended || !this.#listening) return;
    this.#asking = true;
    this.#silenceMs = Math.min(2 * this.#silenceMs, this.#follow.longestSilenceMs);
    try {
      const page = await this.#api.parts(this.#follow.streamId, this.#parts.cursor);
      this.#read(page);
    } catch (error) {
      // A network that fails may come back; who is refused stays refused.
      if (error instanceof Refusal) this.fail(error);
    } finally {
      this.#asking = false;
      this.listen();
    }
  }

  fail(error: unknown): void {
    this.#finish(() => this.#controller.error(error));
  }

  close(): void {
    this.#finish(() => this.#controller.close());
  }

  #read(page: PartPage): void {
    this.take(page);
    if (page.ended && !this.#ended) this.fail(new Error('The answer broke off. Please try again.'));
  }

  #stop(): void {
    if (this.#ended) return;
    this.#finish(() => this.#controller.close());
    this.#follow.stopped();
  }

  #finish(settle: () => void): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#settled();
    clearTimeout(this.#silence);
    this.#follow.abortSignal?.removeEventListener('abort', this.#aborted);
    this.#unsubscribe();
    try {
      settle();
    } catch {
      // The chat has cancelled the stream itself.
    }
  }
}
