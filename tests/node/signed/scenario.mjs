// What a page does with the signing fetch, told as data: the same in Node and in a browser.
//
// `given` is the stack's outputs, a `token` and an `idToken`. The clock of the device is `Date.now`.

export async function scenario(given, signingFetch) {
  const calls = [];
  const counted = (input, init) => {
    const target = new Headers(init?.headers).get('x-amz-target');
    calls.push(target === null ? (init?.method ?? 'GET') : target.split('.')[1]);
    return fetch(input, init);
  };
  const now = Date.now;
  const turn = by => (Date.now = () => now() + by);
  const signed = of => signingFetch({ ...given, idToken: () => of, fetch: counted });
  const told = {};
  async function tell(name, act) {
    calls.length = 0;
    try {
      told[name] = { ...(await act()), calls: [...calls] };
    } catch (error) {
      told[name] = { failed: error.name, code: error.code, message: error.message };
    }
  }
  async function ask(fetch, chat) {
    const message = { id: `m-${chat}`, role: 'user', parts: [{ type: 'text', text: 'What is MIT-0?' }] };
    const response = await fetch(`${given.functionUrl}api/chat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${given.token}`, 'content-type': 'application/json', 'idempotency-key': `k-${chat}` },
      body: JSON.stringify({ id: chat, messages: [message], trigger: 'submit-message' }),
    });
    return { status: response.status, text: await response.text(), stream: response.headers.get('x-streamways-stream') };
  }

  const chats = [0, 1, 2, 3].map(() => crypto.randomUUID());
  const mine = signed(given.idToken);
  const read = { headers: { authorization: `Bearer ${given.token}` } };
  await tell('first', () => ask(mine, chats[0]));
  await tell('read', async () => {
    const response = await mine(`${given.functionUrl}api/chat/${chats[0]}`, read);
    return { status: response.status, text: await response.text() };
  });
  await tell('deleted', async () => ({
    status: (await mine(`${given.functionUrl}api/chat/${chats[0]}`, { method: 'DELETE', keepalive: true, ...read })).status,
  }));
  turn(3_600_000);
  await tell('a clock that is an hour fast', () => ask(signed(given.idToken), chats[1]));
  turn(600_000);
  await tell('a clock that is set meanwhile', () => ask(mine, chats[2]));
  turn(0);
  const together = signed(given.idToken);
  await tell('two at once', async () => {
    const answers = await Promise.all([ask(together, chats[2]), ask(together, chats[3])]);
    return { status: Math.max(...answers.map(answer => answer.status)) };
  });
  await tell('an access token in place of the ID token', () => ask(signed(given.token), chats[3]));
  await tell('no token', () => ask(signed(''), chats[3]));
  await tell('a stream as body', () => mine(given.functionUrl, { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }));
  await tell('unsigned', async () => ({ status: (await fetch(`${given.functionUrl}api/chat`, read).catch(() => ({}))).status }));
  Date.now = now;
  return told;
}
