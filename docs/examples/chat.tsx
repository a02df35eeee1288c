// A chat in React, over any of the transports.

import { useChat } from '@ai-sdk/react';
import type { ChatTransport, UIMessage } from 'ai';
import { type FormEvent, useState } from 'react';
import { Refusal } from 'streamways-client';

export function Chat({ id, transport }: { id: string; transport: ChatTransport<UIMessage> }) {
  const { messages, sendMessage, status, stop, error } = useChat({ id, transport, resume: true });
  const [text, setText] = useState('');

  function send(event: FormEvent) {
    event.preventDefault();
    void sendMessage({ text });
    setText('');
  }

  return (
    <form onSubmit={send}>
      {messages.map(message => (
        <p key={message.id}>{message.parts.map(part => (part.type === 'text' ? part.text : ''))}</p>
      ))}
      {error && <Problem error={error} />}
      <input value={text} onChange={event => setText(event.target.value)} />
      {status === 'ready' || status === 'error' ? <button>Send</button> : <button type="button" onClick={stop}>Stop</button>}
    </form>
  );
}

function Problem({ error }: { error: Error }) {
  const seconds = error instanceof Refusal ? error.retryAfter : undefined;
  return <p role="alert">{seconds === undefined ? error.message : `${error.message} (${seconds} s)`}</p>;
}
