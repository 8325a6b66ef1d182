import { html } from 'hono/html';
import { pager, partyLink, queryOf, table } from './parts.ts';
import type { Listed, UnknownCode } from './records.ts';
import { refusalNote } from './refusals.ts';
import type { Site } from './site.ts';
import { timeAndAge } from './times.ts';
import { type Words, word } from './words.ts';

const KINDS = { service: ['thủ tục', 'service'], agency: ['cơ quan', 'agency'] } as const satisfies Words;

/** Codes that dossiers name and the catalogue does not know. */
export function addUnknownCodes(site: Site): void {
  site.screen('/unknown-codes', async (visit) => {
    const { say, api, nowMs } = visit;
    const { body, problem } = await api.get<Listed<UnknownCode>>('unknown-codes', queryOf(visit, ['cursor']));
    return {
      title: say('Mã lạ', 'Unknown codes'),
      body: html`<p class="note">${say(
        'Mã thủ tục, cơ quan mà hồ sơ nêu nhưng danh mục chưa có. Hồ sơ vẫn được áp dụng và hiển thị.',
        'Services and agencies that dossiers name and the catalogue does not know. The dossiers are shown all the same.',
      )}</p>
${refusalNote(say, problem)}
${
  body
    ? html`${table<UnknownCode>({
        caption: say('Theo loại và mã', 'By kind and code'),
        empty: say('Danh mục biết mọi mã mà hồ sơ nêu.', 'The catalogue knows every code that dossiers name.'),
        items: body.items,
        columns: [
          { head: say('Mã', 'Code'), cell: ({ code }) => html`<code>${code}</code>` },
          { head: say('Loại', 'Kind'), cell: ({ kind }) => word(say, KINDS, kind) },
          { head: say('Bên nêu', 'Named by'), cell: ({ party }) => partyLink(party) },
          { head: say('Lần đầu', 'First'), cell: ({ firstAt }) => timeAndAge(say, firstAt, nowMs) },
          { head: say('Lần cuối', 'Last'), cell: ({ lastAt }) => timeAndAge(say, lastAt, nowMs) },
        ],
      })}${pager(visit, body, {})}`
    : ''
}`,
    };
  });
}
