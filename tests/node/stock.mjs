// Asks the AI SDK, and our client beside it, what it makes of what we send. One JSON command a line on stdin, one JSON answer a line on stdout.
//
//   {"do": "validate", "chunks"}                    → {"problems": [null | text]}    its chunk schema, one by one
//   {"do": "read", "chunks"}                        → {"message", "errors"}          its reader of a chunk stream
//   {"do": "chat", "transport", "options", "prompts"} → {"turns": [turn]}            its chat over a stock transport
//   {"do": "talk", "transport", "stack", "steps"}   → {"turns": [turn]}              pages of a chat, see talk.mjs
//   {"do": "load", "transport", "stack", "chatId", "haste"} → {"messages"} or {"error"}  the history of a chat
//   {"do": "answered", "status", "body"}            → {"parts", "error"}             an HTTP answer behind typed errors
//   {"do": "leave", "body"}                         → {}                             once the body is cancelled for who reads no more
//   {"do": "order", "batches"}                      → {"parts"}                      what our client gives out, in order
//   {"do": "pass", "status", "text"}                → {"status", "text"}             a browser's answer behind our fetch
//
// An error is {"name", "message", "code"?, "retryAfter"?}, or null. Without a status nobody answers.
// A turn is {"message", "status", "error", "data", "finish"}: the answer in the history, the state of the chat after it,
// the text of the error that a user would see, the transient data parts, and why it finished.

import { createInterface } from 'node:readline';
import {
  AbstractChat,
  asSchema,
  DefaultChatTransport,
  readUIMessageStream,
  uiMessageChunkSchema,
  WebSocketChatTransport,
} from 'ai';
import { cancellingFetch, typedErrors } from 'streamways-client';
import { OrderedParts } from '../../frontend-sample/dist/ordered-parts.js';
import { fetchOfABrowser, responseOfABrowser } from './fetch.mjs';
import { State } from './state.mjs';
import { load, talk } from './talk.mjs';

globalThis.fetch = fetchOfABrowser;
const TRANSPORTS = { http: DefaultChatTransport, websocket: WebSocketChatTransport };

class Chat extends AbstractChat {
  constructor(init) {
    super({ ...init, state: new State() });
  }
}

async function validate({ chunks }) {
  const schema = asSchema(uiMessageChunkSchema);
  const results = await Promise.all(chunks.map(chunk => schema.validate(chunk)));
  return { problems: results.map(result => (result.success ? null : String(result.error))) };
}

async function read({ chunks }) {
  const errors = [];
  const onError = error => errors.push(error.message);
  let message = null;
  for await (message of readUIMessageStream({ stream: ReadableStream.from(chunks), onError }));
  return { message, errors };
}

async function chat({ transport, options, prompts }) {
  const socket = new TRANSPORTS[transport](options);
  let turn;
  const talk = new Chat({
    transport: socket,
    onData: part => turn.data.push(part),
    onFinish: ({ finishReason, isError, isAbort, isDisconnect }) =>
      (turn.finish = { finishReason: finishReason ?? null, isError, isAbort, isDisconnect }),
  });
  const turns = [];
  for (const text of prompts) {
    turns.push((turn = { data: [], finish: null }));
    await talk.sendMessage({ text });
    const last = talk.messages.at(-1);
    turn.message = last.role === 'assistant' ? structuredClone(last) : null;
    turn.status = talk.status;
    turn.error = talk.error?.message ?? null;
    talk.clearError();
  }
  socket.close?.();
  return { turns };
}

async function answered({ status, body }) {
  const fetch = async () => {
    if (status === null) throw new TypeError('Failed to fetch');
    return new Response(body, { status });
  };
  const parts = [];
  try {
    for await (const part of await sent(fetch)) {
      parts.push(part);
      await new Promise(setImmediate); // slower than the parts come
    }
  } catch ({ name, message, code, retryAfter }) {
    return { parts, error: { name, message, code, retryAfter } };
  }
  return { parts, error: null };
}

async function leave({ body }) {
  const cancelled = Promise.withResolvers();
  const endless = new ReadableStream({
    start: controller => controller.enqueue(new TextEncoder().encode(body)),
    cancel: () => cancelled.resolve(),
  });
  for await (const _ of await sent(async () => new Response(endless))) break;
  await cancelled.promise;
  return {};
}

function sent(fetch) {
  const transport = typedErrors(new DefaultChatTransport({ api: 'https://example.com/api/chat', fetch }));
  return transport.sendMessages({ chatId: 'chat-1', messages: [] });
}

async function order({ batches }) {
  const parts = new OrderedParts();
  return { parts: batches.flatMap(batch => [...parts.take(batch)]) };
}

async function pass({ status, text }) {
  const fetch = cancellingFetch(async () => responseOfABrowser(new Response(text), status));
  const response = await fetch('https://example.com/api/chat/chat-1/stream', { signal: new AbortController().signal });
  return { status: response.status, text: await response.text() };
}

const COMMANDS = { validate, read, chat, talk, load, answered, leave, order, pass };
const PATIENCE_MS = 20_000;

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let timer;
  const tooLate = new Promise(resolve => {
    timer = setTimeout(resolve, PATIENCE_MS, { failed: `the stock client was not done after ${PATIENCE_MS} ms` });
  });
  const done = COMMANDS[command.do](command).catch(error => ({ failed: String(error?.stack ?? error) }));
  console.log(JSON.stringify(await Promise.race([done, tooLate])));
  clearTimeout(timer);
}
