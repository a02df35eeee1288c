export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="22" height="22" fill="none" strokeWidth="3.5" strokeLinecap="round" aria-hidden="true">
      <path className="function-url" d="M4 8 H20" />
      <path className="websocket" d="M4 16 H28" />
      <path className="appsync" d="M4 24 H14" />
    </svg>
  );
}
