// Chats of the user: the list from the server, and one that is open, over one of the ways in.

import { useCallback, useEffect, useState } from 'react';
import { chatAddress, type Route } from '../route';
import type { Answer } from '../stack/answer';
import type { ChatSummary } from '../stack/chats';
import type { Connection } from '../stack/connections';
import { type Architecture, NAMES, type Stack } from '../stack/stack';
import { Notice } from '../ui/notice';
import { ChatList } from './chat-list';
import { Conversation } from './conversation';
import { Problem } from './problem';

type Props = {
  route: Extract<Route, { at: 'chat' }>;
  stack: Stack;
  connection: (architecture: Architecture) => Connection;
  signOut: () => void;
};

export function ChatPage({ route, stack, connection, signOut }: Props) {
  const asked = route.architecture;
  const architecture = asked && stack.architectures.includes(asked) ? asked : stack.architectures[0]!;
  const [fresh, setFresh] = useState(() => crypto.randomUUID());
  const chatId = route.chatId ?? fresh;
  const open = connection(architecture);
  const [chats, setChats] = useState<ChatSummary[]>();
  const [problem, setProblem] = useState<Error>();

  const list = useCallback(() => open.chats.list().then(setChats, setProblem), [open]);
  useEffect(() => void list(), [list]);

  const begin = () => {
    const id = crypto.randomUUID();
    setFresh(id);
    location.hash = chatAddress(architecture, id);
  };

  return (
    <div className="chat-page">
      <aside className="side" aria-label="Chats">
        <button type="button" className="new" onClick={begin}>
          New chat
        </button>
        {problem && !chats && <Notice kind="problem">{problem.message}</Notice>}
        <ChatList chats={chats} open={chatId} architecture={architecture} />
      </aside>
      <main>
        <h1 className="unseen">Chat</h1>
        <Ways architectures={stack.architectures} chosen={architecture} chatId={chatId} />
        <Loaded key={`${architecture} ${chatId}`} chatId={chatId} architecture={architecture} connection={open} changed={list} signOut={signOut} />
      </main>
    </div>
  );
}

/** The same chat over another way: the history is the server's. */
function Ways({ architectures, chosen, chatId }: { architectures: readonly Architecture[]; chosen: Architecture; chatId: string }) {
  return (
    <fieldset className="ways">
      <legend className="unseen">Way to the model</legend>
      {architectures.map(one => (
        <label key={one} className={one}>
          <input type="radio" name="way" checked={one === chosen} onChange={() => (location.hash = chatAddress(one, chatId))} />
          {NAMES[one]}
        </label>
      ))}
    </fieldset>
  );
}

type LoadedProps = { chatId: string; architecture: Architecture; connection: Connection; changed: () => void; signOut: () => void };

/** The page loads the chat and hands it to `useChat`; what is being written comes by a resume. */
function Loaded({ chatId, connection, signOut, ...more }: LoadedProps) {
  const [messages, setMessages] = useState<Answer[]>();
  const [error, setError] = useState<Error>();
  const load = useCallback(() => {
    setError(undefined);
    connection.history(chatId).then(setMessages, setError);
  }, [chatId, connection]);
  useEffect(load, [load]);

  if (error) return <Problem error={error} acts={{ again: load, signOut }} />;
  if (messages === undefined) return <p className="dim loading">Loading the chat…</p>;
  return <Conversation chatId={chatId} connection={connection} loaded={messages} signOut={signOut} {...more} />;
}
