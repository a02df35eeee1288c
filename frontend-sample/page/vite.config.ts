// The page as static files that any web server serves. What it must know of a stack it reads from `/config.json`.

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { 'streamways-client': fileURLToPath(new URL('../src/streamways', import.meta.url)) } },
  // While one develops, the page is that of the sandbox on its usual port.
  server: { port: 5173, strictPort: true, proxy: { '^/(config.json|_sandbox/)': 'http://127.0.0.1:10100' } },
  build: { target: 'es2022', assetsInlineLimit: 0 },
});
