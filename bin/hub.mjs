// The hub as a service: npm start.
import { loadBuilt } from '../scripts/build.mjs';

const { main } = await loadBuilt('src/main.js');
await main();
