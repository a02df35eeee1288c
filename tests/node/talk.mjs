// Chats as a page has them, over the transports of the documentation's examples, driven step by step.
//
// A step names a chat (`as`, by default "page"; each has a transport of its own, and all have one chat id) and one act:
//
//   {"send": text}      sends a message            {"resume": true}   resumes the stream
//   {"stop": true}      what a stop button does     {"close": true}    the page goes away, without a word
//   {"continue": true}  continues the last answer
//   {"text": n}         waits until the answer has n characters, {"more": n} until it has n more than before the request
//   {"done": true}      waits until the request that runs is over, and reports the turn
//
// A stack is its outputs and a `token`; `tokens` are used up before it.
// A turn is {"message", "status", "error", "errorCode", "retryAfter", "finish"}; code and seconds are those of a refusal.

import { AbstractChat } from 'ai';
import { Refusal } from 'streamways-client';
import * as stock from '../../docs/examples/stock-transports.ts';
import { overAppSync, overFunctionUrl, overWebSocket } from '../../docs/examples/transports.ts';
import { State } from './state.mjs';

const TRANSPORTS = {
  http: ({ functionUrl, token }) => overFunctionUrl(functionUrl, () => token),
  websocket: ({ webSocketUrl, webSocketTicketUrl, token }) => overWebSocket(webSocketUrl, webSocketTicketUrl, () => token),
  appsync: ({ appSyncUrl, appSyncRealtimeUrl, token, tokens = [] }) =>
    overAppSync(appSyncUrl, appSyncRealtimeUrl, () => tokens.shift() ?? token),
  'stock http': ({ functionUrl, token }) => stock.overFunctionUrl(functionUrl, () => token),
  'stock websocket': ({ webSocketUrl, webSocketTicketUrl, token }) =>
    stock.overWebSocket(webSocketUrl, webSocketTicketUrl, () => token),
};

class Page extends AbstractChat {
  turn = { finish: null };
  before = 0;
  running = Promise.resolve();

  constructor(id, transport) {
    const onFinish = ({ finishReason, isError, isAbort, isDisconnect }) =>
      (this.turn.finish = { finishReason: finishReason ?? null, isError, isAbort, isDisconnect });
    super({ id, transport, state: new State(() => this.changed?.()), onFinish });
    this.page = transport;
  }

  get text() {
    const last = this.messages.at(-1);
    return last?.role === 'assistant' ? last.parts.map(part => part.text ?? '').join('') : '';
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
    return { ...this.turn, message, status: this.status, error: this.error?.message ?? null, errorCode, retryAfter };
  }
}

export async function talk({ transport, stack, steps, chatId = `chat-${crypto.randomUUID()}` }) {
  const pages = new Map();
  const turns = [];
  for (const { as = 'page', ...step } of steps) {
    if (!pages.has(as)) pages.set(as, new Page(chatId, TRANSPORTS[transport](stack)));
    const page = pages.get(as);
    if (step.send !== undefined) {
      page.turn = { finish: null };
      page.running = page.sendMessage({ text: step.send });
    }
    if (step.continue) {
      page.turn = { finish: null };
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
      page.page.close?.();
      pages.delete(as);
    }
    if (step.done) {
      await page.running;
      turns.push(page.report());
    }
  }
  for (const page of pages.values()) page.page.close?.();
  return { turns };
}
