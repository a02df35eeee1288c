// The frame `read` of the WebSocket API: one chat, in as many frames as its messages need. The stock transport knows no
// such frame, so it goes over a socket of its own.

import type { UIMessage } from 'ai';
import { Refusal, refusalFrom } from './refusals';

/** The route answers in less: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html */
const SILENCE_MS = 30_000;
const LOST = 'The network connection was lost before the chat was loaded.';

type Part = UIMessage['parts'][number];
/** More text of the part before it, which was too long for one frame. */
type Continued = { continued: true; text: string };
type Piece<Message extends UIMessage> = Omit<Message, 'parts'> & { parts: (Part | Continued)[] };
type Frame<Message extends UIMessage> = {
  /** Absent from a frame of API Gateway's own. */
  type?: string;
  requestId: string;
  result: { messages: Piece<Message>[] };
  more?: boolean;
  errorText: string;
  message: string;
};

/** The messages of a chat. The address has a ticket. Throws a `Refusal`, and a `TypeError` if the connection is lost. */
export function readOverWebSocket<Message extends UIMessage>(address: URL, chatId: string): Promise<Message[]> {
  const requestId = crypto.randomUUID();
  const pieces: Piece<Message>[] = [];
  let silence: ReturnType<typeof setTimeout>;
  const socket = new WebSocket(address);
  const read = new Promise<Message[]>((resolve, reject) => {
    const lost = () => reject(new TypeError(LOST));
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE_MS);
    };
    socket.onopen = () => socket.send(JSON.stringify({ type: 'read', requestId, id: chatId }));
    socket.onclose = lost;
    socket.onmessage = event => {
      listen();
      const frame = JSON.parse(String(event.data)) as Frame<Message>;
      if (frame.type === undefined) return reject(refusalOfApiGateway(frame.message));
      if (frame.requestId !== requestId) return; // a notice
      if (frame.type === 'error') return reject(refusalFrom(500, frame.errorText));
      pieces.push(...frame.result.messages);
      if (!frame.more) resolve(joined(pieces));
    };
    listen();
  });
  return read.finally(() => {
    clearTimeout(silence);
    socket.close(1000);
  });
}

function refusalOfApiGateway(message: string): Refusal {
  return new Refusal(message === 'Too Many Requests' ? 'rate_limited' : 'internal', message);
}

/** A message that is too long for a frame comes in pieces, one after the other. */
function joined<Message extends UIMessage>(pieces: Piece<Message>[]): Message[] {
  const messages: Piece<Message>[] = [];
  for (const piece of pieces) {
    if (messages.at(-1)?.id !== piece.id) messages.push({ ...piece, parts: [] });
    const { parts } = messages.at(-1)!;
    for (const part of piece.parts) {
      const last = parts.at(-1);
      if ('continued' in part && last !== undefined && 'text' in last) last.text += part.text;
      else parts.push(part);
    }
  }
  return messages as Message[];
}
