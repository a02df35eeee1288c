// Plays the scenario in Node: `given` on standard input, what came of it on standard output.

import { signingFetch } from 'streamways-client/signing';
import { scenario } from './scenario.mjs';

const given = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(await scenario(given, signingFetch)));
