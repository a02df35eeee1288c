import { util } from '@aws-appsync/utils';

// The resolver of every field that the API function answers; the function is told which one.
// AppSync lets ID tokens in as well; everything of ours takes access tokens only, which say what they are.
const TOKEN_USE = { claim: 'token_use', value: 'access' };

export function request(ctx) {
  const { claims } = ctx.identity;
  if (TOKEN_USE && claims[TOKEN_USE.claim] !== TOKEN_USE.value) {
    util.error('An access token is needed, not an ID token.', 'unauthenticated');
  }
  const requestId = ctx.request.headers['x-amzn-requestid'];
  return { operation: 'Invoke', payload: { field: ctx.info.fieldName, claims, arguments: ctx.args, requestId } };
}

// The function returns a refusal as data: an exception would reach the client as Lambda:Unhandled.
export function response(ctx) {
  if (ctx.error) {
    if (ctx.error.type === 'Lambda:TooManyRequestsException') {
      util.error('Too many requests at once. Please try again shortly.', 'rate_limited', null, { retryAfter: 1 });
    }
    util.error('Something went wrong on our side. Please try again.', 'internal');
  }
  const { result, error } = ctx.result;
  if (error) {
    util.error(error.message, error.code, null, { retryAfter: error.retryAfter ?? null, limit: error.limit ?? null });
  }
  return result;
}
