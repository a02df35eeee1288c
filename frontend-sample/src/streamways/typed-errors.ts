// One error for every way in which a stack says no, and an error for an answer that breaks off.
//
// The AI SDK's transports put the raw body of a refused request into `error.message`. A failure inside a stream comes as
// two parts, of which `useChat` keeps the text alone: `data-error` with the code, and `error`. Behind this wrapper the
// chat's error is a `Refusal` in both cases, with the text in its `message`.
//
// The body of a function that died may end like a whole one, and the AI SDK takes what came for the answer. Here it is
// complete only with its terminal part.

import type { ChatTransport, UIMessageChunk } from 'ai';
import { isTerminal } from './ordered-parts';
import { Refusal, refusalIn, refusalOf } from './refusals';

/** A `TypeError` that speaks of the network is what the AI SDK knows a lost connection by: it can be resumed. */
const BROKEN_OFF = 'The network connection was lost before the answer had ended.';

/** Use it as `useChat({ transport: typedErrors(new DefaultChatTransport({ … })) })`, with any transport. */
export function typedErrors<Transport extends ChatTransport<never>>(transport: Transport): Transport {
  // A proxy, because whatever else a transport has stays as it is, also what a later AI SDK adds.
  return new Proxy(transport, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== 'sendMessages' && name !== 'reconnectToStream') return member.bind(target);
      return (options: unknown) => typed(member.call(target, options));
    },
  });
}

async function typed(answer: Promise<ReadableStream<UIMessageChunk> | null>): Promise<ReadableStream<UIMessageChunk> | null> {
  try {
    const stream = await answer;
    return stream && typedParts(stream);
  } catch (error) {
    throw refusalIn(error) ?? error;
  }
}

function typedParts(stream: ReadableStream<UIMessageChunk>): ReadableStream<UIMessageChunk> {
  const reader = stream.getReader();
  let told: Refusal | undefined;
  let complete = false;
  return new ReadableStream<UIMessageChunk>({
    async pull(controller) {
      const { done, value } = await reader.read().catch(error => Promise.reject(refusalIn(error) ?? error));
      if (done && !complete) throw new TypeError(BROKEN_OFF);
      if (done) return controller.close();
      complete ||= isTerminal(value);
      if (value.type === 'data-error') told = refusalOf(value.data);
      if (value.type === 'error' && told !== undefined) {
        reader.cancel().catch(() => {}); // as the AI SDK does at this part
        throw new Refusal(told.code, value.errorText, told.retryAfter);
      }
      controller.enqueue(value);
    },
    cancel: reason => reader.cancel(reason),
  });
}
