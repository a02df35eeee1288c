// The stack that the page speaks to, read at run time from `/config.json`: its outputs, so one bundle serves every stack.

/** The ways in, in the order in which they are shown. */
export const ARCHITECTURES = ['function-url', 'websocket', 'appsync'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export const NAMES: Record<Architecture, string> = {
  'function-url': 'Function URL',
  websocket: 'WebSocket API',
  appsync: 'AppSync',
};

/** The outputs that a page needs for each way in. */
const ADDRESSES: Record<Architecture, readonly string[]> = {
  'function-url': ['functionUrl'],
  websocket: ['webSocketUrl', 'webSocketTicketUrl'],
  appsync: ['appSyncUrl', 'appSyncRealtimeUrl'],
};

/** What only a sandbox has: its demo users, and buttons that break things. */
export type Sandbox = { users: string[] };

export type Stack = {
  outputs: Readonly<Record<string, string>>;
  architectures: readonly Architecture[];
  sandbox: Sandbox | undefined;
};

/** Reads the configuration of the page. Throws an error with a text for people. */
export async function readStack(): Promise<Stack> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/config.json answered HTTP ${response.status}; it must hold the outputs of a stack.`);
  const { sandbox, ...values } = (await response.json()) as Record<string, unknown> & { sandbox?: Sandbox };
  const outputs = Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  const architectures = ARCHITECTURES.filter(one => ADDRESSES[one].every(name => outputs[name] !== undefined));
  if (architectures.length === 0) throw new Error('/config.json names no architecture; it must hold the outputs of a stack.');
  if (outputs.userPoolId === undefined)
    throw new Error(`This stack takes the tokens of ${outputs.issuer ?? 'a foreign issuer'}. The page signs in at Cognito user pools alone.`);
  return { outputs, architectures, sandbox };
}

/** An output that a stack with this architecture has. */
export function output(stack: Stack, name: string): string {
  const value = stack.outputs[name];
  if (value === undefined) throw new Error(`The stack has no output ${name}.`);
  return value;
}
