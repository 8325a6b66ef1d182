// A partner's stand-in: npm run simulator -- <adapter> [--port N]
import { loadBuilt } from '../scripts/build.mjs';

await loadBuilt('src/kit/testing/simulator/run-simulator.js');
