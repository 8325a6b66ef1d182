import { createShowText } from '#core/masking/body-masking';
import type { Mentions } from '#core/masking/mentions';
import type { BodyView } from './body-view.ts';
import { viewBody } from './view.ts';

export interface WireView {
  readonly method: string;
  readonly url: string;
  readonly status?: number | undefined;
  readonly request: BodyView;
  readonly reply: BodyView;
}

/** The exchanged messages of one attempt, call by call. */
export async function viewWire(kept: string, mayBePersonal: boolean, people?: Mentions): Promise<readonly WireView[]> {
  const calls = JSON.parse(kept) as readonly (Omit<WireView, 'request' | 'reply'> &
    Record<'request' | 'reply', string>)[];
  const views: WireView[] = [];
  for (const { method, url, status, request, reply } of calls)
    views.push({
      method,
      url: shownUrl(url, mayBePersonal, people),
      status,
      request: await viewBody(Buffer.from(request), mayBePersonal, people),
      reply: await viewBody(Buffer.from(reply), mayBePersonal, people),
    });
  return views;
}

/** Masks a URL: parameters may hold secrets, and both paths and parameters identity numbers. */
function shownUrl(url: string, mayBePersonal: boolean, people?: Mentions): string {
  const show = createShowText([], mayBePersonal, people);
  const [path, query] = cutAt(url, '?');
  const segments = path.split('/').map((one) => shownPart(one, (text) => show({ name: '', text })));
  if (query === undefined) return segments.join('/');
  const parameters = query.split('&').map((one) => {
    const [name, value] = cutAt(one, '=');
    const shownName = shownPart(name, (text) => show({ name: '', text }));
    return value === undefined ? shownName : `${shownName}=${shownPart(value, (text) => show({ name, text }))}`;
  });
  return `${segments.join('/')}?${parameters.join('&')}`;
}

/** The text before the first separator and the whole rest. `split` with a limit would drop what follows a second one. */
function cutAt(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** A percent-encoded part of a URL. Numbers are recognised in what it means. An unmasked part stays as it was sent. */
function shownPart(part: string, show: (text: string) => string): string {
  const text = decoded(part);
  const shown = show(text);
  return shown === text ? part : encodeURIComponent(shown);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
