import { createShowText } from '#core/masking/body-masking';
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
export async function viewWire(kept: string, mayBePersonal: boolean): Promise<readonly WireView[]> {
  const calls = JSON.parse(kept) as readonly (Omit<WireView, 'request' | 'reply'> &
    Record<'request' | 'reply', string>)[];
  const views: WireView[] = [];
  for (const { method, url, status, request, reply } of calls)
    views.push({
      method,
      url: shownUrl(url, mayBePersonal),
      status,
      request: await viewBody(Buffer.from(request), mayBePersonal),
      reply: await viewBody(Buffer.from(reply), mayBePersonal),
    });
  return views;
}

/** Masks a URL: parameters may hold secrets, and paths identity numbers. */
function shownUrl(url: string, mayBePersonal: boolean): string {
  const show = createShowText([], mayBePersonal);
  const [path = '', query] = url.split('?', 2) as [string, string?];
  const parameters = (query ?? '').split('&').map((one) => {
    const [name = '', value] = one.split('=', 2) as [string, string?];
    return value === undefined ? one : `${name}=${show({ name, text: value })}`;
  });
  return query === undefined ? path : `${path}?${parameters.join('&')}`;
}
