// Runs an example of the documentation: its file as argument, and what to ask as one line of JSON on stdin.
//
//   {"stack", "token", "chatId", "text", "cuts"?, "stop"?}
//
// `cuts` says for one connection after the other after how many messages it is lost; `stop`, after which part the user
// stops. Each part is a line on stdout; an error is the last one, as {"failed": {"message", "code"?}}.

import { text as read } from 'node:stream/consumers';

const { stack, token, chatId, text, cuts = [], stop } = JSON.parse(await read(process.stdin));

globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    let left = cuts.shift() ?? Infinity;
    this.addEventListener('message', () => --left === 0 && this.close());
  }
};

const stopping = new AbortController();
let count = 0;
function show(part) {
  console.log(JSON.stringify(part));
  if (++count === stop) stopping.abort();
}

const { ask, connect = given => given } = await import(`../../docs/examples/${process.argv[2]}`);
try {
  await ask(connect({ ...stack, accessToken: () => token }), chatId, text, show, stopping.signal);
} catch ({ message, code }) {
  console.log(JSON.stringify({ failed: { message, code } }));
}
process.exit(); // Amplify and Apollo keep their connection for a while
