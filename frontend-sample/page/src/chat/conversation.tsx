// One chat that is open: `useChat` as the AI SDK has it, with what the page adds around it.

import { useChat } from '@ai-sdk/react';
import { useCallback, useEffect, useRef } from 'react';
import { chatAddress } from '../route';
import { type Answer, type Rating, textOf } from '../stack/answer';
import type { Connection } from '../stack/connections';
import { type Architecture, NAMES } from '../stack/stack';
import { Composer } from './composer';
import { Message } from './message';
import { Problem } from './problem';
import { useFollowedEnd } from './followed-end';

/** How often a growing answer is drawn: as often as one can see, and not for each part. */
const DRAWN_EVERY_MS = 50;

/** A worker hears of a stop within a second. */
const ATTEMPTS = 8;
const ATTEMPTED_EVERY_MS = 400;

type Props = {
  chatId: string;
  architecture: Architecture;
  connection: Connection;
  loaded: Answer[];
  /** Called when the list of chats is no longer what it was. */
  changed: () => void;
  signOut: () => void;
};

export function Conversation({ chatId, architecture, connection, loaded, changed, signOut }: Props) {
  const { transport, history, follow, chats } = connection;
  const { messages, setMessages, sendMessage, regenerate, resumeStream, status, stop, error, clearError } = useChat<Answer>({
    id: chatId,
    messages: loaded,
    transport,
    resume: true,
    throttle: DRAWN_EVERY_MS,
    onFinish: changed,
  });
  const busy = status === 'submitted' || status === 'streaming';
  const log = useRef<HTMLDivElement>(null);
  useFollowedEnd(log, messages);

  // What another tab begins over AppSync is shown here too.
  useEffect(
    () => follow?.(chatId, () => void history(chatId).then(setMessages, () => {}).then(() => resumeStream())),
    [chatId, follow, history, setMessages, resumeStream],
  );

  async function send(text: string) {
    location.hash = chatAddress(architecture, chatId);
    await sendMessage({ text });
    changed();
  }

  /** The answer is not read to its end then: what it has used is in the chat a moment later. */
  async function stopAnswer() {
    const { id, role } = messages.at(-1) ?? {};
    await stop();
    for (let attempt = 0; role === 'assistant' && attempt < ATTEMPTS; attempt++) {
      await new Promise(resolve => setTimeout(resolve, ATTEMPTED_EVERY_MS));
      const metadata = (await history(chatId).catch(() => [])).find(message => message.id === id)?.metadata;
      if (metadata?.stopReason === undefined) continue;
      return setMessages(shown => shown.map(message => (message.id === id ? { ...message, metadata } : message)));
    }
  }

  const rate = useCallback(
    async (messageId: string, rating: Rating | null) => {
      await chats.rate(chatId, messageId, rating);
      setMessages(shown => shown.map(message => (message.id === messageId ? { ...message, metadata: { ...message.metadata, rating } } : message)));
    },
    [chatId, chats, setMessages],
  );

  /** The question again, if it never arrived; else another answer to it. */
  function again() {
    const last = messages.at(-1);
    if (last?.role !== 'user') return void regenerate();
    setMessages(messages.slice(0, -1));
    void sendMessage({ text: textOf(last) });
  }

  return (
    <>
      <div className="log" ref={log} role="log" aria-live="off" aria-label="Conversation" tabIndex={0}>
        {messages.length === 0 && <Welcome architecture={architecture} ask={send} />}
        {messages.map((message, index) => (
          <Message key={message.id} message={message} growing={busy && index === messages.length - 1} rate={rate} />
        ))}
        {status === 'submitted' && messages.at(-1)?.role === 'user' && <p className="dim waiting">Waiting for the first words…</p>}
        {error && (
          <Problem error={error} acts={{ again, resume: () => void resumeStream(), goOn: () => void sendMessage(), signOut, dismiss: clearError }} />
        )}
      </div>
      {/* Read out once when an answer begins and once when it is there: not each word. */}
      <p className="unseen" role="status">
        {busy ? 'The answer is being written.' : error ? 'The answer broke off.' : messages.at(-1)?.role === 'assistant' ? 'The answer is complete.' : ''}
      </p>
      <Composer busy={busy} send={text => void send(text)} stop={() => void stopAnswer()} />
    </>
  );
}

const QUESTIONS = ['What is the outbox for?', 'Why does a hang-up not cancel a stream?', 'When should I choose AppSync?'];

function Welcome({ architecture, ask }: { architecture: Architecture; ask: (text: string) => void }) {
  return (
    <div className="welcome">
      <h2>Ask over the {NAMES[architecture]}</h2>
      <p className="dim">The same chat continues over each of the ways above. Reload the page or open a second tab while an answer grows: it goes on there.</p>
      <ul>
        {QUESTIONS.map(question => (
          <li key={question}>
            <button type="button" onClick={() => ask(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
