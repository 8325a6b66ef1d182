#!/usr/bin/env node
// The package's command.
import { loadBuilt } from '../scripts/build.mjs';

const { main } = await loadBuilt('src/cli/index.js');
await main(process.argv);
