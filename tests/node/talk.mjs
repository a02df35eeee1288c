// Chats as a page has them, over the transports of the documentation's examples, driven step by step.
//
// A step names a chat (`as`, by default "page"; each has a transport of its own, and all have one chat id) and one act:
//
//   {"send": text}      sends a message            {"resume": true}   resumes the stream
//   {"stop": true}      what a stop button does     {"close": true}    the page goes away, without a word
//   {"continue": true}  continues the last answer   {"regenerate": true}  asks for another answer
//   {"load": true}      shows the chat's history, as a page does first
//   {"follow": true}    from now on loads and resumes whatever others begin, as a page over AppSync does; false: no more
//   {"told": n}         waits until it was told of n streams, and is done with the last
//   {"offline": true}   cuts its line to AppSync's real-time endpoint; false: mends it
//   {"visible": true}   what `useChat` with `resume: true` does when a hidden page is shown again
//   {"text": n}         waits until the answer has n characters, {"more": n} until it has n more than before the request
//   {"done": true}      waits until the request that runs is over, and reports the turn
//
// A stack is its outputs and a `token`; `tokens` are used up before it.
// A turn is {"message", "messages", "status", "error", "errorCode", "retryAfter", "finish", "told"}: the last answer and
// all that the page shows, code and seconds of a refusal, and the streams that it was told of.

import { AbstractChat } from 'ai';
import { Refusal } from 'streamways-client';
import { overSignedFunctionUrl } from '../../docs/examples/signed-function-url.ts';
import * as stock from '../../docs/examples/stock-transports.ts';
import { overAppSync, overFunctionUrl, overWebSocket } from '../../docs/examples/transports.ts';
import { lineTo } from './line.mjs';
import { State } from './state.mjs';

const CONNECTIONS = {
  http: ({ functionUrl, token }) => overFunctionUrl(functionUrl, () => token),
  'signed http': ({ token, idToken, ...outputs }) => overSignedFunctionUrl(outputs, () => token, () => idToken),
  websocket: ({ webSocketUrl, webSocketTicketUrl, token }) => overWebSocket(webSocketUrl, webSocketTicketUrl, () => token),
  appsync: ({ appSyncUrl, appSyncRealtimeUrl, token, tokens = [] }) =>
    overAppSync(appSyncUrl, appSyncRealtimeUrl, () => tokens.shift() ?? token),
  'stock http': ({ functionUrl, token }) => ({ transport: stock.overFunctionUrl(functionUrl, () => token) }),
  'stock websocket': ({ webSocketUrl, webSocketTicketUrl, token }) => ({
    transport: stock.overWebSocket(webSocketUrl, webSocketTicketUrl, () => token),
  }),
};

class Page extends AbstractChat {
  turn = { finish: null };
  before = 0;
  running = Promise.resolve();

  told = [];

  constructor(id, connection, line) {
    const onFinish = ({ finishReason, isError, isAbort, isDisconnect }) =>
      (this.turn.finish = { finishReason: finishReason ?? null, isError, isAbort, isDisconnect });
    super({ id, transport: connection.transport, state: new State(() => this.changed?.()), onFinish });
    this.connection = connection;
    this.line = line;
  }

  async load() {
    this.messages = await this.connection.history(this.id);
  }

  follow() {
    this.unfollow = this.connection.follow(this.id, streamId => {
      this.turn = { finish: null };
      this.running = this.load().then(() => this.resumeStream());
      this.told.push(streamId);
      this.heard?.();
    });
  }

  async hasHeard(times) {
    while (this.told.length < times) await new Promise(resolve => (this.heard = resolve));
    await this.running;
  }

  leave() {
    this.connection.transport.close?.();
    this.line?.close();
  }

  /** What the request that runs has brought of its answer. */
  get text() {
    const last = this.messages.at(-1);
    return last?.role === 'assistant' && last.id !== this.earlier ? last.parts.map(part => part.text ?? '').join('') : '';
  }

  /** Resolves as soon as the answer is that long; rejects when the request is over before. */
  written(length) {
    if (this.text.length >= length) return Promise.resolve();
    const long = new Promise(resolve => (this.changed = () => this.text.length >= length && resolve()));
    const short = this.running.then(() => {
      if (this.text.length < length) throw new Error(`the answer ended after ${this.text.length} characters: ${this.error}`);
    });
    return Promise.race([long, short]);
  }

  report() {
    const last = this.messages.at(-1);
    const message = last?.role === 'assistant' ? structuredClone(last) : null;
    const { code: errorCode = null, retryAfter = null } = this.error instanceof Refusal ? this.error : {};
    const messages = structuredClone(this.messages);
    return { ...this.turn, message, messages, told: this.told, status: this.status, error: this.error?.message ?? null, errorCode, retryAfter };
  }
}

export async function talk({ transport, stack, steps, chatId = `chat-${crypto.randomUUID()}` }) {
  const pages = new Map();
  const turns = [];
  for (const { as = 'page', ...step } of steps) {
    if (!pages.has(as)) pages.set(as, await opened(transport, stack, chatId));
    const page = pages.get(as);
    if (step.load) await page.load();
    if (step.follow) page.follow();
    if (step.follow === false) page.unfollow();
    if (step.told) await page.hasHeard(step.told);
    if (step.offline) page.line.cut();
    if (step.offline === false) page.line.mend();
    if (step.visible) {
      page.turn = { finish: null };
      page.running = page['~resumeStreamIfDisconnected']();
    }
    if (step.regenerate) {
      page.turn = { finish: null };
      page.earlier = page.messages.at(-1)?.id;
      page.running = page.regenerate();
    }
    if (step.send !== undefined) {
      page.turn = { finish: null };
      page.earlier = page.messages.at(-1)?.id;
      page.running = page.sendMessage({ text: step.send });
    }
    if (step.continue) {
      page.turn = { finish: null };
      page.earlier = undefined;
      page.before = page.text.length;
      page.running = page.sendMessage();
    }
    if (step.resume) {
      page.turn = { finish: null };
      page.running = page.resumeStream();
    }
    if (step.text) await page.written(step.text);
    if (step.more) await page.written(page.before + step.more);
    if (step.stop) await page.stop();
    if (step.close) {
      page.leave();
      pages.delete(as);
    }
    if (step.done) {
      await page.running;
      turns.push(page.report());
    }
  }
  for (const page of pages.values()) page.leave();
  return { turns };
}

/** The history of a chat as a page loads it: {"messages"}, or {"error"}. Timers run faster, by a factor. */
export async function load({ transport, stack, chatId, haste }) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (act, ms, ...given) => setTimeout(act, ms / haste, ...given);
  try {
    return { messages: await CONNECTIONS[transport](stack).history(chatId) };
  } catch ({ name, message, code }) {
    return { error: { name, message, code } };
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

async function opened(transport, stack, chatId) {
  const line = transport === 'appsync' ? await lineTo(stack.appSyncRealtimeUrl) : undefined;
  const connection = CONNECTIONS[transport]({ ...stack, ...(line && { appSyncRealtimeUrl: line.url }) });
  return new Page(chatId, connection, line);
}
