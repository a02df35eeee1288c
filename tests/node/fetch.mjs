// `fetch` as browsers answer it: a response without a body, such as a 204, has an empty body stream there. Node gives null.

const { fetch } = globalThis;

export async function fetchOfABrowser(input, init) {
  return responseOfABrowser(await fetch(input, init));
}

/** The response with a body stream, whatever its status; a constructor would refuse the two together. */
export function responseOfABrowser(response, status = response.status) {
  const { statusText, headers } = response;
  const withBody = new Response(response.body ?? new Blob([]).stream(), { statusText, headers });
  return Object.defineProperties(withBody, { status: { value: status }, ok: { value: status >= 200 && status < 300 } });
}
