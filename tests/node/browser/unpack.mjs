// Lays Chromium out in the temporary folder of this process, with the libraries that a bare machine may lack.

import { inflate } from '@sparticuz/chromium';

const BIN = `${import.meta.dirname}/../../../../node_modules/@sparticuz/chromium/bin`;

await Promise.all(['chromium.br', 'fonts.tar.br', 'al2023.tar.br'].map(name => inflate(`${BIN}/${name}`)));
