// A `fetch` for the AI SDK's default transport, which makes its `stop()` a cancel.
//
// Lambda is not told when a client hangs up: the answer would run on, and be paid for. So an abort of a request also
// sends `DELETE {api}/{chatId}/stream/{streamId}`. The stream's id is chosen here and travels as `Idempotency-Key`: so
// a stop before the first byte knows what to cancel, and a request that is sent twice starts one stream.

import { Resumes } from './resumes';

const STREAM_HEADER = 'x-streamways-stream';
/** A `Response` with a body cannot be made with these, though browsers give theirs one: https://fetch.spec.whatwg.org/#null-body-status */
const NULL_BODY_STATUSES: readonly number[] = [101, 103, 204, 205, 304];

/** Use it as `new DefaultChatTransport({ api, headers, fetch: cancellingFetch() })`. */
export function cancellingFetch(fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init)): typeof globalThis.fetch {
  const resumes = new Resumes();

  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, globalThis.location?.href);
    return (init?.method ?? 'GET').toUpperCase() === 'POST' ? start(url, init) : resume(url, init);
  };

  async function start(url: URL, init: RequestInit | undefined): Promise<Response> {
    const headers = new Headers(init?.headers);
    const streamId = headers.get('idempotency-key') ?? crypto.randomUUID();
    headers.set('idempotency-key', streamId);
    const chatId = chatOf(init?.body);
    const watch = onAbort(init?.signal, () => {
      if (chatId !== undefined) cancel(`${url.origin}${url.pathname}/${encodeURIComponent(chatId)}/stream`, streamId, init);
    });
    return watch(fetch(url, { ...init, headers }));
  }

  async function resume(url: URL, init: RequestInit | undefined): Promise<Response> {
    const begun = resumes.begun(url.href);
    let streamId: string | null = null;
    const watch = onAbort(init?.signal, () => {
      if (streamId === null) return; // nothing was resumed yet
      const named = streamId;
      resumes.dropped(url.href, begun, () => cancel(`${url.origin}${url.pathname}`, named, init));
    });
    return watch(
      fetch(url, init).then(response => {
        streamId = response.headers.get(STREAM_HEADER);
        return response;
      }),
    );
  }

  function cancel(streams: string, streamId: string, init: RequestInit | undefined): void {
    const headers = new Headers(init?.headers);
    headers.delete('content-type');
    headers.delete('idempotency-key');
    // `keepalive`: the page may be on its way out. Nobody waits for the answer; what fails here ends by its limits.
    fetch(`${streams}/${encodeURIComponent(streamId)}`, { method: 'DELETE', headers, keepalive: true }).catch(() => {});
  }
}

/** Calls `act` when the signal aborts before the response has been read to its end. */
function onAbort(signal: AbortSignal | null | undefined, act: () => void): (response: Promise<Response>) => Promise<Response> {
  if (signal == null) return response => response;
  signal.addEventListener('abort', act, { once: true });
  const done = () => signal.removeEventListener('abort', act);
  return async promise => {
    let response: Response;
    try {
      response = await promise;
    } catch (error) {
      if (!signal.aborted) done();
      throw error;
    }
    if (response.body === null || !response.ok || NULL_BODY_STATUSES.includes(response.status)) {
      done();
      return response;
    }
    const body = response.body.pipeThrough(new TransformStream({ flush: done }));
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
}

function chatOf(body: BodyInit | null | undefined): string | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const id: unknown = JSON.parse(body).id;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
