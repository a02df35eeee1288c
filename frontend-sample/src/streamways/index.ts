// What a React application needs to talk with a streamways stack beside the AI SDK's own transports.

export { AppSyncChatTransport } from './appsync-chat-transport.ts';
export { cancellingFetch } from './cancelling-fetch.ts';
export { Refusal } from './refusals.ts';
export { typedErrors } from './typed-errors.ts';
export { webSocketTicket } from './websocket-ticket.ts';
