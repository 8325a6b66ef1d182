import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type SimulatorDefinition, startSimulator } from './simulator.ts';

/**
 * A partner's stand-in in a process of its own: `npm run simulator -- <adapter> [--port N]`. Prints one line of JSON
 * when it listens, on 127.0.0.1 only, and ends on SIGTERM.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
const adapter = positionals[0] ?? '';
if (positionals.length !== 1 || !/^[a-z][a-z0-9-]*$/.test(adapter) || !/^\d{0,5}$/.test(values.port ?? '')) {
  console.error('usage: npm run simulator -- <adapter> [--port N]');
  process.exit(2);
}

const file = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'adapters',
  adapter,
  `simulator${extname(import.meta.filename)}`,
);
const { default: definition } = (await import(pathToFileURL(file).href)) as { default: SimulatorDefinition };
const simulator = await startSimulator(definition, { port: Number(values.port ?? 0) });
console.log(JSON.stringify({ msg: 'listening', adapter, url: simulator.url }));

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void simulator.close().then(() => process.exit(0)));
