#!/usr/bin/env node
// The package's command: the sources are TypeScript, so what reads it is loaded before anything of ours.
import '../load.mjs';

const { main } = await import('./index.ts');
await main(process.argv);
