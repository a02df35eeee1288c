import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return {
    operation: 'Invoke',
    payload: { claims: ctx.identity.claims, arguments: ctx.args, requestId: ctx.request.headers['x-amzn-requestid'] ?? null },
  };
}

// The function returns a refusal as data: an exception would reach the client as Lambda:Unhandled.
export function response(ctx) {
  if (ctx.error) {
    util.error('Something went wrong on our side. Please try again.', 'internal');
  }
  const { error, stream } = ctx.result;
  if (error) {
    util.error(error.message, error.code, null, { retryAfter: error.retryAfter ?? null });
  }
  return stream;
}
