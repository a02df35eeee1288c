// Why a stack said no, as one error, wherever it said it.
//
// The function URL answers `{"error": {"code", "message", "retryAfter"?}}` with a status. A WebSocket `error` frame
// carries the same text. AppSync gives the code as `errorType`. Where AWS answers before the stack does, it has shapes
// of its own, and the status says what it means.

/** A refusal or a failure, with a text that a person can act on. */
export class Refusal extends Error {
  /** One of the platform's error codes: `unauthenticated`, `rate_limited`, `deadline`, … */
  readonly code: string;
  /** Whole seconds after which to try again, if the stack said so. */
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, retryAfter?: number) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** The refusal in an error of one of the AI SDK's transports; undefined for one that is none, such as a lost network. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error)) return undefined;
  const { statusCode, responseBody } = error as { statusCode?: unknown; responseBody?: unknown };
  if (typeof statusCode === 'number') return refusalFrom(statusCode, text(responseBody) ?? '');
  return refusalOf(jsonObject(error.message)?.error);
}

/** The refusal that the platform itself words as `{"code", "message", "retryAfter"?}`. */
export function refusalOf(error: unknown): Refusal | undefined {
  const said = object(error);
  const code = text(said?.code);
  return code === undefined ? undefined : new Refusal(code, text(said?.message) ?? code, seconds(said?.retryAfter));
}

/** The refusal in the body of an HTTP response, whoever wrote it. */
export function refusalFrom(status: number, body: string): Refusal {
  const document = jsonObject(body);
  return refusalOf(document?.error) ?? new Refusal(CODES_BY_STATUS[status] ?? 'internal', text(document?.message ?? document?.Message) ?? `HTTP ${status}`);
}

/** The refusal in the `errors` of a GraphQL answer. */
export function refusalFromGraphql(errors: unknown): Refusal {
  const first = object(Array.isArray(errors) ? errors[0] : undefined) ?? {};
  const type = text(first.errorType) ?? 'internal';
  return new Refusal(CODES_BY_APPSYNC_ERROR[type] ?? type, text(first.message) ?? type, seconds(object(first.errorInfo)?.retryAfter));
}

// Of AWS's own answers: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
const CODES_BY_STATUS: Record<number, string> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  429: 'rate_limited',
};

// https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
const CODES_BY_APPSYNC_ERROR: Record<string, string> = {
  UnauthorizedException: 'unauthenticated',
  Unauthorized: 'forbidden',
  BadRequestException: 'invalid_request',
  MalformedHttpRequestException: 'invalid_request',
  LimitExceededException: 'rate_limited',
  MaxSubscriptionsReachedError: 'rate_limited',
};

function jsonObject(source: string): Record<string, unknown> | undefined {
  try {
    return object(JSON.parse(source));
  } catch {
    return undefined;
  }
}

function object(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
