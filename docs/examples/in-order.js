// Puts the parts of one stream on AppSync in order, whatever GraphQL client hears them and asks for them.

export const SUBSCRIPTION = `subscription OnParts($streamId: ID!) {
  onParts(streamId: $streamId) { owner streamId epoch firstSequence parts cursor }
}`;
export const START = `mutation Start($streamId: ID!, $chatId: ID!, $messages: String!) {
  startStream(streamId: $streamId, chatId: $chatId, messages: $messages) { streamId }
}`;
export const PARTS = `query Parts($streamId: ID!, $after: String) {
  parts(streamId: $streamId, after: $after) { epoch firstSequence parts cursor ended }
}`;

const TERMINAL = ['finish', 'abort', 'error'];
const OF_A_LATE_END = [...TERMINAL, 'message-metadata', 'data-error'];
const GAP_MS = 300;
const SILENCE_MS = 1_000;

/** `take` wants each batch that is heard, `fetchAfter` asks the query `parts`, `show` gets each part once, in order. */
export function inOrder(show, fetchAfter) {
  const over = Promise.withResolvers();
  const waiting = [];
  let due = 0;
  let current = 0;
  let ended = false;
  let place;
  let timer;

  function take(batch) {
    waiting.push(batch);
    for (let next; !ended && (next = waiting.find(each => each.firstSequence <= due)); ) {
      waiting.splice(waiting.indexOf(next), 1);
      giveOut(next);
    }
    listen();
  }

  function giveOut({ epoch, firstSequence, parts, cursor }) {
    const end = firstSequence + parts.length;
    const isLate = epoch > current && firstSequence < due; // it ends a stream whose worker died after it had sent more
    if (end <= due && !isLate) return;
    for (const part of parts.slice(isLate ? 0 : due - firstSequence).map(text => JSON.parse(text))) {
      if (!isLate || OF_A_LATE_END.includes(part.type)) show(part);
      if (TERMINAL.includes(part.type)) settle();
    }
    [due, current, place] = [Math.max(due, end), epoch, cursor];
  }

  /** Asks for what does not come: soon when something is missing, later when nothing comes at all. */
  function listen() {
    clearTimeout(timer);
    if (ended) return; // a batch may come twice, and the answer to a query late
    timer = setTimeout(() => ask().catch(settle), waiting.length > 0 ? GAP_MS : SILENCE_MS);
  }

  async function ask() {
    const page = await fetchAfter(place);
    take(page);
    if (page.ended) settle(new Error('The answer broke off.')); // does nothing after a terminal part
  }

  function settle(error) {
    ended = true;
    clearTimeout(timer);
    if (error) over.reject(error);
    else over.resolve();
  }

  return { take, listen, over: over.promise };
}
