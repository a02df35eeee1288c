// AppSync's real-time connection: one WebSocket with many subscriptions, opened again when it is lost.
// https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html

import type { PartBatch } from './appsync-api';
import { refusalFromGraphql } from './refusals';

export type AppSyncRealtimeOptions = {
  /** The stack's output `appSyncUrl`, whose host the credentials name. */
  url: string;
  /** The stack's output `appSyncRealtimeUrl`. */
  realtimeUrl: string;
  accessToken: () => string | Promise<string>;
  webSocket?: typeof globalThis.WebSocket;
};

/** Of the user's own streams: one, or those of one chat. */
export type Streams = { streamId: string } | { chatId: string };

export type PublishedBatch = PartBatch & { streamId: string };

/** What one subscription hears. */
export type Subscriber = {
  /** Parts that were published. */
  parts: (batch: PublishedBatch) => void;
  /** The connection was lost and is there again: what was published in between has to be asked for. */
  reconnected: () => void;
  /** There will be no more: the subscription was refused, or the connection cannot be opened. */
  failed: (error: Error) => void;
};

const SUBSCRIPTION = `subscription Parts($streamId: ID, $chatId: ID) {
  onParts(streamId: $streamId, chatId: $chatId) { streamId epoch firstSequence parts cursor }
}`;
const RECONNECTS = 5;
const FIRST_PAUSE_MS = 250;

type Subscription = { streams: Streams; subscriber: Subscriber; acknowledged: () => void; again: boolean };
type Frame = { type: string; id?: string; payload?: { data?: { onParts?: PublishedBatch }; errors?: unknown[]; connectionTimeoutMs?: number } };

export class AppSyncRealtime {
  readonly #options: AppSyncRealtimeOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  #socket: Promise<WebSocket> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AppSyncRealtimeOptions) {
    this.#options = options;
  }

  /** Hears the parts of these streams; resolves, once AppSync delivers them, to what ends the subscription. */
  async subscribe(streams: Streams, subscriber: Subscriber): Promise<() => void> {
    const id = crypto.randomUUID();
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => (this.#subscriptions.delete(id), reject(error), subscriber.failed(error));
      this.#subscriptions.set(id, { streams, subscriber: { ...subscriber, failed }, acknowledged: resolve, again: false });
      this.#connected().then(socket => this.#start(socket, id)).catch(failed);
    });
    return () => {
      this.#subscriptions.delete(id);
      this.#socket?.then(socket => this.#send(socket, { type: 'stop', id }), () => {});
    };
  }

  /** Closes the connection; a later subscription opens it again. */
  close(): void {
    const socket = this.#socket;
    this.#forget(new Error('The AppSync connection was closed.'));
    socket?.then(open => open.close(1000), () => {});
  }

  #connected(): Promise<WebSocket> {
    if (this.#socket !== undefined) return this.#socket;
    const opening = this.#open();
    this.#socket = opening;
    // What could not be opened, perhaps for its token, is opened anew by the next subscription.
    opening.catch(() => {
      if (this.#socket === opening) this.#socket = undefined;
    });
    return opening;
  }

  async #open(): Promise<WebSocket> {
    const authorization = await this.#authorization();
    const Socket = this.#options.webSocket ?? globalThis.WebSocket;
    const socket = new Socket(this.#options.realtimeUrl, ['graphql-ws', `header-${base64url(JSON.stringify(authorization))}`]);
    return new Promise((resolve, reject) => {
      let acknowledged = false;
      socket.onopen = () => this.#send(socket, { type: 'connection_init' });
      socket.onmessage = event => {
        const frame = JSON.parse(String(event.data)) as Frame;
        if (frame.type === 'connection_ack') {
          acknowledged = true;
          resolve(socket);
        }
        if (frame.type === 'connection_error') reject(refusalFromGraphql(frame.payload?.errors));
        this.#hear(socket, frame);
      };
      socket.onclose = () => {
        const lost = new TypeError('The network connection to AppSync was lost.');
        if (acknowledged) void this.#reopen(lost);
        else reject(lost);
      };
    });
  }

  #hear(socket: WebSocket, frame: Frame): void {
    // AppSync beats (`ka`) and says after how much silence a connection is dead.
    if (frame.payload?.connectionTimeoutMs) this.#watch(socket, frame.payload.connectionTimeoutMs);
    const subscription = frame.id === undefined ? undefined : this.#subscriptions.get(frame.id);
    if (subscription === undefined) return;
    const batch = frame.payload?.data?.onParts;
    if (frame.type === 'start_ack') {
      subscription.acknowledged();
      if (subscription.again) subscription.subscriber.reconnected();
    }
    if (frame.type === 'data' && batch) subscription.subscriber.parts(batch);
    if (frame.type === 'error') subscription.subscriber.failed(refusalFromGraphql(frame.payload?.errors));
  }

  async #start(socket: WebSocket, id: string): Promise<void> {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    const data = JSON.stringify({ query: SUBSCRIPTION, variables: subscription.streams });
    const extensions = { authorization: await this.#authorization() };
    this.#send(socket, { id, type: 'start', payload: { data, extensions } });
  }

  /** Opens a lost connection again for those who still listen; they may have missed something. */
  async #reopen(lost: Error): Promise<void> {
    this.#socket = undefined;
    clearTimeout(this.#silence);
    const listening = [...this.#subscriptions];
    let pause = FIRST_PAUSE_MS;
    for (let attempt = 0; attempt < RECONNECTS && this.#subscriptions.size > 0; attempt++, pause *= 2) {
      await new Promise(resolve => setTimeout(resolve, Math.random() * pause));
      try {
        const socket = await this.#connected();
        for (const [id, subscription] of listening) {
          subscription.again = true;
          await this.#start(socket, id);
        }
        return;
      } catch {
        // The next attempt may do better.
      }
    }
    this.#forget(lost);
  }

  #forget(error: Error): void {
    this.#socket = undefined;
    clearTimeout(this.#silence);
    for (const { subscriber } of [...this.#subscriptions.values()]) subscriber.failed(error);
    this.#subscriptions.clear();
  }

  #watch(socket: WebSocket, timeoutMs: number): void {
    const listen = () => {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(() => socket.close(), timeoutMs);
    };
    socket.addEventListener('message', listen);
    listen();
  }

  async #authorization(): Promise<{ host: string; Authorization: string }> {
    return { host: new URL(this.#options.url).host, Authorization: await this.#options.accessToken() };
  }

  #send(socket: WebSocket, frame: object): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  }
}

function base64url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
