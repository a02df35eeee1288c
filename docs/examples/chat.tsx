// A chat in React, over any of the architectures.

import { useChat } from '@ai-sdk/react';
import type { ChatTransport, UIMessage } from 'ai';
import { type FormEvent, useEffect, useState } from 'react';
import { Refusal } from 'streamways-client';

export type Connection = {
  transport: ChatTransport<UIMessage>;
  history: (chatId: string) => Promise<UIMessage[]>;
  follow?: (chatId: string, begun: () => void) => () => void;
};

export function ChatPage({ id, connection }: { id: string; connection: Connection }) {
  const [messages, setMessages] = useState<UIMessage[]>();
  const [error, setError] = useState<Error>();

  useEffect(() => {
    connection.history(id).then(setMessages, setError);
  }, [id, connection]);

  if (error) return <Problem error={error} />;
  return messages ? <Chat id={id} connection={connection} loaded={messages} /> : <p>Loading…</p>;
}

function Chat({ id, connection, loaded }: { id: string; connection: Connection; loaded: UIMessage[] }) {
  const { transport, history, follow } = connection;
  const chat = useChat({ id, messages: loaded, transport, resume: true });
  const { messages, setMessages, sendMessage, resumeStream, status, stop, error } = chat;
  const [text, setText] = useState('');

  useEffect(
    () => follow?.(id, () => void history(id).then(setMessages, () => {}).then(() => resumeStream())),
    [id, follow, history, setMessages, resumeStream],
  );

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
