import type { Session } from '../session/session';
import type { Stack } from '../stack/stack';

export function RacePage({ stack }: { stack: Stack; session: Session }) {
  return <main className="plain">{stack.architectures.join()}</main>;
}
