#!/usr/bin/env node
// The package's command: the sources are TypeScript, so tsx is registered before anything of ours is loaded.
import { register } from 'tsx/esm/api';

register();
const { run } = await import('./index.ts');
await run(process.argv);
