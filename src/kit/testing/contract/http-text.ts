/** One request or reply of a `.http` file. */
export interface HttpText {
  /** `POST /path?query`, `HTTP/1.1 200 OK`, or one word such as `!reset`. */
  readonly start: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Reads a `.http` file. A line `###` separates messages. The line end before it, or at the end of the file, belongs to
 * no body.
 */
export function parseHttpText(text: string): readonly HttpText[] {
  return text
    .split(/^###[^\n]*\n/m)
    .map((part) => part.replace(/^\n+/, ''))
    .filter((part) => part !== '')
    .map(parseOne);
}

function parseOne(text: string): HttpText {
  const end = text.indexOf('\n\n');
  const head = (end < 0 ? text : text.slice(0, end)).trimEnd().split('\n');
  const body = end < 0 ? '' : text.slice(end + 2).replace(/\n$/, '');
  const headers = head.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { start: head[0] as string, headers: Object.fromEntries(headers), body };
}

/** A body's value if it is JSON, otherwise the text. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
