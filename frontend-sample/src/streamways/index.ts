// What a React application needs to talk with a streamways stack beside the AI SDK's own transports.

export { AppSyncChatTransport } from './appsync-chat-transport';
export { cancellingFetch } from './cancelling-fetch';
export { appSyncHistory, functionUrlHistory, webSocketHistory } from './histories';
export { Refusal } from './refusals';
export { typedErrors } from './typed-errors';
export { webSocketTicket } from './websocket-ticket';
