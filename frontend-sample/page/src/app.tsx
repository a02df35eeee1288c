// The page: who is signed in, and where they are.

import { useEffect, useMemo, useState } from 'react';
import { ChatPage } from './chat/chat-page';
import { OutputsPage } from './outputs/outputs-page';
import { RacePage } from './race/race-page';
import { useRoute } from './route';
import { Session, type User } from './session/session';
import { SignIn } from './session/sign-in';
import { type Connection, connect } from './stack/connections';
import type { Architecture, Stack } from './stack/stack';
import { Shell } from './ui/shell';

export function App({ stack }: { stack: Stack }) {
  const [user, setUser] = useState<User>();
  const [joined, setJoined] = useState(false);
  const session = useMemo(() => new Session(stack, () => setUser(undefined)), [stack]);
  const route = useRoute();

  useEffect(() => {
    void session.join().then(found => {
      setUser(found);
      setJoined(true);
    });
  }, [session]);

  // One connection for each architecture, opened when it is first used.
  const connections = useMemo(() => new Map<Architecture, Connection>(), [session, user]);
  useEffect(() => () => connections.forEach(one => one.close()), [connections]);
  const connection = (architecture: Architecture) => {
    const found = connections.get(architecture) ?? connect(architecture, stack, session);
    connections.set(architecture, found);
    return found;
  };

  if (!joined) return null;
  if (user === undefined) return <SignIn stack={stack} session={session} signedIn={setUser} />;
  const signOut = () => void session.signOut().then(() => setUser(undefined));
  return (
    <Shell route={route} user={user} emulated={stack.sandbox !== undefined} signOut={signOut}>
      {route.at === 'chat' && <ChatPage route={route} stack={stack} connection={connection} signOut={signOut} />}
      {route.at === 'race' && <RacePage stack={stack} session={session} />}
      {route.at === 'outputs' && <OutputsPage stack={stack} />}
    </Shell>
  );
}
