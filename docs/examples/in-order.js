// Puts the parts of one stream on AppSync in order, whatever GraphQL client hears them and asks for them.

export const SUBSCRIPTION = `subscription OnParts($streamId: ID!) {
  onParts(streamId: $streamId) { owner streamId firstSequence parts }
}`;
export const START = `mutation Start($streamId: ID!, $chatId: ID!, $messages: AWSJSON!) {
  startStream(streamId: $streamId, chatId: $chatId, messages: $messages) { streamId }
}`;
export const PARTS = `query Parts($streamId: ID!, $after: Int) {
  parts(streamId: $streamId, after: $after) { firstSequence parts ended }
}`;

const TERMINAL = ['finish', 'abort', 'error'];
const GAP_MS = 300;
const SILENCE_MS = 1_000;

/** `take` wants each batch that is heard, `fetchAfter` asks the query `parts`, and `show` gets each part, once and in order. */
export function inOrder(show, fetchAfter) {
  const over = Promise.withResolvers();
  const waiting = new Map();
  let due = 0;
  let timer;

  function take({ firstSequence, parts }) {
    parts.forEach((part, index) => firstSequence + index >= due && waiting.set(firstSequence + index, JSON.parse(part)));
    for (let part; (part = waiting.get(due)) !== undefined; waiting.delete(due++)) {
      show(part);
      if (TERMINAL.includes(part.type)) over.resolve();
    }
    listen();
  }

  /** Asks for what does not come: soon when something is missing, later when nothing comes at all. */
  function listen() {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(over.reject), waiting.size > 0 ? GAP_MS : SILENCE_MS);
  }

  async function ask() {
    const page = await fetchAfter(due - 1);
    take(page);
    if (page.ended) over.reject(new Error('The answer broke off.')); // does nothing after a terminal part
  }

  return { take, listen, over: over.promise.finally(() => clearTimeout(timer)) };
}
