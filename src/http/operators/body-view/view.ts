import { createShowText } from '#core/masking/body-masking';
import type { Mentions } from '#core/masking/mentions';
import { say } from '#messages/message';
import { SMALL_BYTES } from '../../json-body.ts';
import { type BodyView, noteOf } from './body-view.ts';
import { viewJson, viewLines } from './json.ts';
import { DEEPEST, TooDeep, TooLarge } from './limits.ts';
import { viewXml } from './xml.ts';

/**
 * Shows a body.
 *
 * A body that is neither JSON nor XML cannot be masked, so only a key with access to personal data sees it.
 * Bodies nested over 100 deep are never shown.
 *
 * @param mayBePersonal whether the key may see personal data
 * @param people whom the body is known to name
 */
export async function viewBody(body: Buffer, mayBePersonal: boolean, people?: Mentions): Promise<BodyView> {
  if (body.length === 0) return { format: 'text', text: '' };
  try {
    const first = String.fromCharCode(body.find((byte) => byte > 0x20 && byte < 0x80) ?? 0);
    const seen =
      first === '<'
        ? await viewXml(body, mayBePersonal, people)
        : ((await viewJson(body, mayBePersonal, people)) ?? (await viewLines(body, mayBePersonal, people)));
    return seen ?? viewText(body, mayBePersonal);
  } catch (error) {
    if (error instanceof TooLarge) return { format: 'hidden', text: '', ...noteOf(say('object-too-large-to-show')) };
    if (!(error instanceof TooDeep)) throw error;
    return { format: 'hidden', text: '', ...noteOf(say('nested-too-deep-to-show', { count: DEEPEST })) };
  }
}

function viewText(body: Buffer, mayBePersonal: boolean): BodyView {
  if (!mayBePersonal) return { format: 'hidden', text: '', ...noteOf(say('body-not-maskable')) };
  const cut = body.length > SMALL_BYTES ? say('first-bytes-shown', { count: SMALL_BYTES }) : undefined;
  const show = createShowText([], true);
  const text = body.toString('utf8', 0, SMALL_BYTES);
  // Forms: name=value. The pattern starts where a name begins, because a start at each letter would take minutes.
  return {
    format: 'text',
    text: text.replaceAll(
      /(?<![\w.-])([\w.-]+)=([^&\s]*)/g,
      (_, name, value) => `${name}=${show({ name, text: value })}`,
    ),
    ...noteOf(cut),
  };
}
