// A line to a server that can be cut: the connections on it are lost, and none can be opened until it is mended.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function lineTo(url) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let whole = true;
  const server = createServer(near => {
    if (!whole) return void near.destroy();
    const far = connect(port, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => {});
      one.on('close', () => (open.delete(one), other.destroy()));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = new URL(url);
  address.host = `127.0.0.1:${server.address().port}`;
  const cut = () => {
    whole = false;
    open.forEach(socket => socket.destroy());
  };
  return { url: address.href, cut, mend: () => (whole = true), close: () => (cut(), server.close()) };
}
