import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import type { Answers, FirstSettings, Variable } from './first-settings.ts';

/** hub.env: one variable a line, for a shell and for systemd. A variable that may be absent is a comment. */
export function environmentText(variables: readonly Variable[]): string {
  const lines = variables.map(({ name, value, about }) => {
    const isOptional = value === '' && /^(?:DATABASE|REDIS)_URL$/.test(name);
    return `# ${about}\n${isOptional ? '# ' : ''}${environmentLine(name, value)}`;
  });
  return `# Secrets and addresses of the hub. Only its owner may read this file.\n\n${lines.join('\n')}`;
}

/** The variable for some words, such as the secret of a key. */
export const variableName = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^(?=[0-9])/, '_')
    .toUpperCase();

/**
 * A variable for a shell and for systemd, whatever its value holds: an address may have `&`, a password `$`. After a bare
 * backslash systemd reads the next quote as a letter, so an apostrophe stands in double quotes.
 */
export function environmentLine(name: string, value: string): string {
  return `${name}='${value.replaceAll("'", `'"'"'`)}'\n`;
}

/** hub.config.md: JSON has no comments, so they stand beside it. */
export function notesText(
  { url }: Answers,
  { file, variables }: FirstSettings,
  adapters: ReadonlyMap<string, LoadedAdapter>,
): string {
  const parties = Object.entries(file.parties ?? {}).flatMap(([id, { adapter }]) => {
    const loaded = adapters.get(adapter) as LoadedAdapter;
    return ['', `## ${id}`, '', `${loaded.manifest.title}. ${loaded.manifest.description}.`, '', ...optionalOf(loaded)];
  });
  const own = variables.map(
    ({ name, value, about }) => `| \`${name}\` | ${about} | ${value === '' ? 'blank' : 'set'} |`,
  );
  return [
    '# Notes on hub.config.json',
    '',
    `The hub of ${file.province?.name} (${file.province?.code}) at ${url}. Written by \`lienthong init\`.`,
    '',
    '- `province` names the code and time zone of the province.',
    '- `proxies` names the proxies that the hub believes. `loopback` is a proxy on the same machine.',
    '- `keys` has one entry for each client. `${NAME}` comes from hub.env.',
    '- `parties` has one entry for each connected system, with the settings of its adapter.',
    '- `routes` says which records of a party go to which parties.',
    '',
    '| variable | meaning | now |',
    '|---|---|---|',
    ...own,
    ...parties,
    '',
  ].join('\n');
}

interface Shape {
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

/** What the settings of a party may say in addition. */
function optionalOf({ adapter }: LoadedAdapter): readonly string[] {
  const { required = [], properties = {} } = adapter.settings as Shape;
  const rows = Object.entries(properties)
    .filter(([member]) => !required.includes(member))
    .map(
      ([member, { description }]) =>
        `| \`${member}\` | ${(description ?? 'see the documentation').replaceAll('|', '\\|')} |`,
    );
  return rows.length === 0 ? [] : ['| optional setting | expected |', '|---|---|', ...rows];
}

/** proxy.conf: nginx in front of the hub. */
export function proxyText(url: string): string {
  const { hostname } = new URL(url);
  return `# nginx: TLS for the hub. Copy it to /etc/nginx/conf.d/lienthong.conf and name your certificate.
server {
  listen 443 ssl;
  server_name ${hostname};
  ssl_certificate     /etc/ssl/certs/${hostname}.pem;
  ssl_certificate_key /etc/ssl/private/${hostname}.key;
  # The hub limits bodies itself, and reads streams of any length while they arrive.
  client_max_body_size 0;
  # Prometheus reads the hub's own port.
  location = /metrics { deny all; }
  location / {
    proxy_pass http://127.0.0.1:8080;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_read_timeout 90s;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
  }
}
`;
}
