import cf from 'cloudfront';

const HEADER = 'x-streamways-origin-secret';
const KEY = 'origin-secret';

// What a client sends under the header's name is replaced, and never reaches the function URL.
async function handler(event) {
  const request = event.request;
  try {
    const secret = await cf.kvs().get(KEY);
    request.headers[HEADER] = { value: secret.trim() };
  } catch (error) {
    return {
      statusCode: 503,
      statusDescription: 'Service Unavailable',
      headers: { 'content-type': { value: 'application/json' }, 'cache-control': { value: 'no-store' } },
      body: JSON.stringify({
        error: {
          code: 'internal',
          message: 'The origin secret of this deployment is not in its key value store yet: see docs/domains.md.',
        },
      }),
    };
  }
  return request;
}
