// A chat over the WebSocket API with what a browser has, and nothing else.

const ATTEMPTS = 5;
const PAUSE_MS = 1_000;

/** Asks, and calls `show` with each part of the answer, once and in order. `signal` stops the answer. */
export async function ask({ webSocketUrl, webSocketTicketUrl, accessToken }, chatId, text, show, signal) {
  const streamId = crypto.randomUUID();
  const message = { id: crypto.randomUUID(), role: 'user', parts: [{ type: 'text', text }] };
  const send = { type: 'send', requestId: streamId, id: chatId, messages: [message] };
  const cancel = { type: 'cancel', requestId: crypto.randomUUID(), streamId };
  let place;

  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const socket = await open(webSocketUrl, webSocketTicketUrl, await accessToken());
    if (socket) {
      // A `send` that is repeated starts nothing new. Once parts have come, those after them are enough.
      const resume = { type: 'resume', requestId: crypto.randomUUID(), id: chatId, cursor: place };
      const ended = await read(socket, place === undefined ? send : resume, cancel, signal, (part, cursor) => {
        show(part);
        place = cursor ?? place;
        attempt = 1;
      });
      if (ended) return;
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS * Math.random()));
  }
  throw new Error('The connection is lost.');
}

/** Sends a frame and reads its parts. Whether they came to their end; if not, the connection was lost. */
function read(socket, frame, cancel, signal, show) {
  const stop = () => socket.send(JSON.stringify(cancel));
  socket.send(JSON.stringify(frame));
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  return new Promise((resolve, reject) => {
    socket.onclose = () => resolve(false);
    socket.onmessage = ({ data }) => {
      const { type, requestId, cursor, chunk, errorText } = JSON.parse(data);
      if (requestId !== frame.requestId) return; // a keep-alive, a notice, or that the cancel has arrived
      if (type === 'chunk') show(chunk, cursor);
      if (type === 'end') resolve(true);
      if (type === 'no-active') reject(new Error('This answer ended a while ago. The chat has it.'));
      if (type === 'error') reject(refusal(JSON.parse(errorText)));
    };
  }).finally(() => {
    signal?.removeEventListener('abort', stop);
    socket.close();
  });
}

/** An open connection; nothing if there is none just now. */
async function open(url, ticketUrl, token) {
  const socket = new WebSocket(url, ['streamways.v1', `jwt.${token}`]);
  const opened = await new Promise(resolve => {
    socket.onopen = () => resolve(true);
    socket.onclose = () => resolve(false);
  });
  if (opened) return socket;
  // A browser is not told why it was refused. The function that hands out tickets says what is wrong with a token.
  const ticket = await fetch(ticketUrl, { method: 'POST', headers: { authorization: `Bearer ${token}` } }).catch(() => null);
  if (ticket && !ticket.ok) throw refusal(await ticket.json());
}

/** An error with `code`, `message` and perhaps `retryAfter`. */
function refusal({ error }) {
  return Object.assign(new Error(error?.message), error);
}
