// The GraphQL operations of a stack, as its `schema.graphql` has them, over HTTP.

import { Refusal, refusalFrom, refusalFromGraphql } from './refusals';

export type AppSyncApiOptions = {
  /** The stack's output `appSyncUrl`. */
  url: string;
  /** The user's access token, asked for anew with each request. */
  accessToken: () => string | Promise<string>;
  fetch?: typeof globalThis.fetch;
};

export type StartArguments = {
  streamId: string;
  chatId: string;
  /** Messages of the AI SDK; the server takes the last one. */
  messages: unknown[];
  trigger: string;
  messageId: string | undefined;
};

/** Adjacent parts of one stream: `parts[i]`, JSON text, has the sequence `firstSequence + i`. */
export type PartBatch = {
  /** Higher where the reaper has ended the stream of a worker that died. */
  epoch: number;
  firstSequence: number;
  parts: string[];
  /** The place behind the last part, for `AppSyncApi.parts`. */
  cursor: string | null;
};

/** A page of a stream's journal. */
export type PartPage = PartBatch & {
  /** What the message held that the stream continues; in the first page of a whole replay. */
  preamble: string[];
  ended: boolean;
};

export class AppSyncApi {
  readonly #url: string;
  readonly #accessToken: AppSyncApiOptions['accessToken'];
  readonly #fetch: typeof globalThis.fetch;

  constructor({ url, accessToken, fetch }: AppSyncApiOptions) {
    this.#url = url;
    this.#accessToken = accessToken;
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Starts a stream. The same start, sent again, starts nothing. */
  async start({ messages, ...given }: StartArguments): Promise<void> {
    const query = `mutation Start($streamId: ID!, $chatId: ID!, $messages: String!, $trigger: String, $messageId: ID) {
      startStream(streamId: $streamId, chatId: $chatId, messages: $messages, trigger: $trigger, messageId: $messageId) { streamId }
    }`;
    await this.#ask(query, { ...given, messages: JSON.stringify(messages) });
  }

  /** Cancels a stream; one that is unknown yet will not begin. */
  async cancel(streamId: string): Promise<void> {
    await this.#ask('mutation Cancel($streamId: ID!) { cancelStream(streamId: $streamId) }', { streamId });
  }

  /** The stream of this chat that can be resumed. */
  async active(chatId: string): Promise<string | undefined> {
    const query = 'query Active($chatId: ID!) { activeStream(chatId: $chatId) { streamId } }';
    const data = await this.#ask<{ activeStream: { streamId: string } | null }>(query, { chatId });
    return data.activeStream?.streamId;
  }

  /** The journal after a place, or from the first part; a page, which may be empty. */
  async parts(streamId: string, after: string | null): Promise<PartPage> {
    const query = `query Parts($streamId: ID!, $after: String) {
      parts(streamId: $streamId, after: $after) { preamble epoch firstSequence parts cursor ended }
    }`;
    const data = await this.#ask<{ parts: PartPage }>(query, { streamId, after });
    return data.parts;
  }

  /** The messages of a chat, oldest first, each as JSON text; the newest, if all have no room in an answer. */
  async messages(chatId: string): Promise<string[]> {
    const query = 'query Messages($chatId: ID!) { chat(id: $chatId) { messages } }';
    const data = await this.#ask<{ chat: { messages: string[] } }>(query, { chatId });
    return data.chat.messages;
  }

  async #ask<Data = unknown>(query: string, variables: Record<string, unknown>): Promise<Data> {
    const response = await this.#fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await this.#accessToken() },
      body: JSON.stringify({ query, variables }),
    });
    const body = await response.text();
    if (!response.ok) throw refusalFrom(response.status, body);
    const { data, errors } = JSON.parse(body) as { data?: Data; errors?: unknown[] };
    if (errors?.length) throw refusalFromGraphql(errors);
    if (data === undefined) throw new Refusal('internal', 'AppSync answered without data.');
    return data;
  }
}
