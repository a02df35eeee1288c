// A `fetch` for a function URL with the auth type `AWS_IAM`: it signs each request with AWS credentials of the user.
//
// The credentials come from the stack's identity pool, for the user's ID token. They last an hour, and are renewed before
// that. The signature takes the header `Authorization`, so the access token moves to `X-Authorization`.
//
// It has an entry of its own, `streamways-client/signing`, because it alone needs `aws4fetch`.

import { AwsV4Signer } from 'aws4fetch';
import { Refusal } from './refusals';

export type SigningFetchOptions = {
  /** The stack's output `region`. */
  region: string;
  /** The stack's output `issuer`: the user pool that signs the ID tokens. */
  issuer: string;
  /** The stack's output `identityPoolId`. */
  identityPoolId: string;
  /** The stack's output `identityEndpoint`. */
  identityEndpoint: string;
  /** The user's ID token, asked for anew whenever credentials are. */
  idToken: () => string | Promise<string>;
  fetch?: typeof globalThis.fetch;
};

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiresAt: number; clockOffset: number };

/** Credentials that end sooner than this, in milliseconds, are renewed: a request must not reach AWS with expired ones. */
const RENEWED_BEFORE = 5 * 60_000;

/** Use it as `new DefaultChatTransport({ api, headers, fetch: signingFetch({ …outputs, idToken }) })`; one for each user. */
export function signingFetch(options: SigningFetchOptions): typeof globalThis.fetch {
  const { region, idToken, fetch = (input, init) => globalThis.fetch(input, init) } = options;
  const login = options.issuer.replace(/^https:\/\//, '');
  let identityId: string | undefined;
  let held: Credentials | undefined;
  let asked: Promise<Credentials> | undefined;

  return async (input, init) => {
    if (input instanceof Request) throw new TypeError('The signing fetch takes a URL and its options, not a Request.');
    const url = new URL(input, globalThis.location?.href);
    const before = held;
    const used = await current();
    const response = await send(url, init, used);
    // Keys that were at hand may be worth nothing by now, or the clock of this device was set: once more, with new ones.
    if (used !== before || !(await isOfAws(response))) return response;
    if (held === used) held = undefined;
    return send(url, init, await current());
  };

  async function send(url: URL, init: RequestInit | undefined, credentials: Credentials): Promise<Response> {
    const { accessKeyId, secretAccessKey, sessionToken, clockOffset } = credentials;
    const headers = new Headers(init?.headers);
    const token = headers.get('authorization');
    if (token !== null) headers.set('x-authorization', token);
    headers.delete('authorization');
    const signed = await new AwsV4Signer({
      accessKeyId,
      secretAccessKey,
      sessionToken,
      region,
      service: 'lambda',
      method: (init?.method ?? 'GET').toUpperCase(),
      url: url.href,
      headers,
      body: signable(init?.body),
      datetime: new Date(Date.now() + clockOffset).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign();
    return fetch(url, { ...init, headers: signed.headers });
  }

  /** The credentials at hand; where there are none, or they are about to end, all who wait share one request. */
  function current(): Promise<Credentials> | Credentials {
    if (held && held.expiresAt - (Date.now() + held.clockOffset) > RENEWED_BEFORE) return held;
    asked ??= renew().finally(() => (asked = undefined));
    return asked;
  }

  async function renew(): Promise<Credentials> {
    const logins = { [login]: await idToken() };
    identityId ??= (await ask('GetId', { IdentityPoolId: options.identityPoolId, Logins: logins })).answer.IdentityId as string;
    const { answer, clockOffset } = await ask('GetCredentialsForIdentity', { IdentityId: identityId, Logins: logins });
    const given = answer.Credentials as { AccessKeyId: string; SecretKey: string; SessionToken: string; Expiration: number };
    held = {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretKey,
      sessionToken: given.SessionToken,
      expiresAt: given.Expiration * 1000,
      clockOffset,
    };
    return held;
  }

  async function ask(operation: string, body: object): Promise<{ answer: Record<string, unknown>; clockOffset: number }> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSCognitoIdentityService.${operation}` };
    const response = await fetch(options.identityEndpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    if (!response.ok) throw refusalOfCognito(response.status, answer);
    // AWS refuses a signature that is 5 minutes off, and the clock of a device may be.
    const now = Date.parse(response.headers.get('date') ?? '');
    return { answer, clockOffset: Number.isNaN(now) ? 0 : now - Date.now() };
  }
}

/** Whether AWS refused a request before the function ran; what the function refuses has an `error` in its body. */
async function isOfAws(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return body !== null && typeof body === 'object' && !('error' in body);
}

function signable(body: BodyInit | null | undefined): string | ArrayBuffer | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === 'string' || body instanceof ArrayBuffer) return body;
  throw new TypeError('The signing fetch takes a body that is a text or an ArrayBuffer: it signs the body before it sends it.');
}

// https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html
function refusalOfCognito(status: number, answer: Record<string, unknown>): Refusal {
  const type = String(answer.__type ?? '').replace(/^.*#/, '');
  const code = { NotAuthorizedException: 'unauthenticated', TooManyRequestsException: 'rate_limited' }[type] ?? 'internal';
  return new Refusal(code, String(answer.message ?? answer.Message ?? `The identity pool answered HTTP ${status}.`));
}
