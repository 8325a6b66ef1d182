// The hub with a readable log. It restarts when a source changes. Run: npm run dev
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build, FOLDERS } from './build.mjs';

const ROOT = path.join(import.meta.dirname, '..');
/** An editor or a checkout writes several files at once. */
const SETTLE_MS = 150;

let hub;
let isStopping = false;
let isRestarting = false;
let restarting = Promise.resolve();
let timer;

function start() {
  hub = spawn(process.execPath, ['--enable-source-maps', path.join(ROOT, 'dist', 'src', 'main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  hub.once('exit', (code) => {
    if (isStopping) process.exit(code ?? 1);
  });
  // The addresses come first, so the lines of a start wait for them.
  let waiting = [];
  const lines = createInterface({ input: hub.stdout });
  lines.on('line', (line) => {
    const entry = parsed(line);
    if (waiting && entry.msg === 'listening') {
      console.log(addresses(entry.url));
      for (const one of waiting) console.log(one);
      waiting = undefined;
    }
    if (waiting) waiting.push(readable(entry));
    else console.log(readable(entry));
  });
  lines.once('close', () => {
    for (const one of waiting ?? []) console.log(one);
    waiting = undefined;
    if (!isStopping && !isRestarting) console.log('the hub ended; it starts again when a source changes');
  });
}

async function restart() {
  try {
    await build();
  } catch (error) {
    return console.error(error.message);
  }
  if (hub.exitCode === null && hub.signalCode === null) {
    isRestarting = true;
    hub.kill('SIGTERM');
    await once(hub, 'close');
    isRestarting = false;
  }
  if (!isStopping) start();
}

function addresses(url) {
  return [
    ['hub', ''],
    ['console', '/console'],
    ['API', '/docs'],
    ['health', '/health/ready'],
  ]
    .map(([name, at]) => `${name} ${url}${at}`)
    .join('  ');
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { msg: line };
  }
}

function readable({ level = '', time, msg, pid: _, ...fields }) {
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [String(time ?? '').slice(11, 19), level.toUpperCase().padEnd(5), msg, ...details].join(' ');
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    isStopping = true;
    if (!hub?.kill('SIGTERM')) process.exit(0);
  });
await build();
start();
for (const folder of FOLDERS)
  fs.watch(path.join(ROOT, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      restarting = restarting.then(restart);
    }, SETTLE_MS);
  });
