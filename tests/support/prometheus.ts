import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RULES = join(import.meta.dirname, '..', '..', 'docs', 'operate', 'monitoring', 'rules.yaml');

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

export interface Watch {
  /** The address of the hub, as host and port. */
  readonly target: string;
  readonly port: number;
  /** How often it asks the hub, in seconds. */
  readonly everyS: number;
  /** The repository's rules, with other times of waiting. */
  readonly hastened: (rules: string) => string;
}

/** A real Prometheus that watches a hub by the rules of this repository. */
export function startPrometheus(folder: string, { target, port, everyS, hastened }: Watch): ChildProcess {
  writeFileSync(join(folder, 'rules.yaml'), hastened(readFileSync(RULES, 'utf8')));
  const config = {
    global: { scrape_interval: `${everyS}s`, evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: 'lienthong', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [
    '--config.file=prometheus.yml',
    '--storage.tsdb.path=prometheus',
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', args, { cwd: folder, stdio: 'ignore' });
  void once(child, 'exit').catch(() => undefined);
  return child;
}

/** The answer of Prometheus to a question of its API. Undefined while it has none. */
export async function askPrometheus(
  url: string,
  path: string,
): Promise<{ data?: Record<string, unknown> } | undefined> {
  const reply = await fetch(`${url}/api/v1/${path}`).catch(() => undefined);
  return reply?.ok ? ((await reply.json()) as { data?: Record<string, unknown> }) : undefined;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

export async function seriesOf(url: string, query: string): Promise<readonly Series[] | undefined> {
  const found = await askPrometheus(url, `query?query=${encodeURIComponent(query)}`);
  return found?.data?.result as readonly Series[] | undefined;
}
