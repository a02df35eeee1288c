// The GraphQL operations of a stack, as its `schema.graphql` has them, over HTTP.

import { Refusal, refusalFrom, refusalFromGraphql } from './refusals.ts';

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
export type PartBatch = { firstSequence: number; parts: string[] };

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
    const query = `mutation Start($streamId: ID!, $chatId: ID!, $messages: AWSJSON!, $trigger: String, $messageId: ID) {
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

  /** The journal after a sequence (-1: from the first part); a page, which may be empty. */
  async parts(streamId: string, after: number): Promise<PartBatch & { ended: boolean }> {
    const query = 'query Parts($streamId: ID!, $after: Int) { parts(streamId: $streamId, after: $after) { firstSequence parts ended } }';
    const data = await this.#ask<{ parts: PartBatch & { ended: boolean } }>(query, { streamId, after });
    return data.parts;
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
