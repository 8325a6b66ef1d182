import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { type Answer, segment } from './api.ts';
import { dossierLink } from './parts.ts';
import type { CurrentStates } from './records.ts';
import { timeAndAge } from './times.ts';
import type { Visit } from './visit.ts';
import { STATUSES, word } from './words.ts';

type CurrentState = CurrentStates['items'][number];

/** The current states of the dossiers with this code, or why they could not be read. Empty for an unknown code. */
export async function statesOf({ api }: Visit, code: string): Promise<Answer<readonly CurrentState[]>> {
  const { status, body, problem } = await api.get<CurrentStates>(`dossiers/${segment(code)}`);
  return status === 404 ? { status, body: [], problem: undefined } : { status, body: body?.items, problem };
}

/** @param sent the version in a delivery, to show whether a newer one exists */
export function stateText(
  { say, nowMs }: Visit,
  { status, statusAt, version, erasedAt, legalHold }: CurrentState,
  sent: number = version,
): Html {
  const versions = say(
    `(phiên bản ${version}; lượt này gửi phiên bản ${sent})`,
    `(version ${version}; this delivery is of version ${sent})`,
  );
  const newer = version > sent ? html` <span class="note">${versions}</span>` : '';
  return html`<strong>${word(say, STATUSES, status)}</strong> ${say('từ', 'since')} ${timeAndAge(say, statusAt, nowMs)}${newer}${
    erasedAt === null
      ? ''
      : html`; ${say('đã xóa dữ liệu cá nhân', 'personal data erased')} ${timeAndAge(say, erasedAt, nowMs)}`
  }${
    legalHold === null
      ? ''
      : html`; <a href="/console/retention">${say(`lệnh giữ ${legalHold}`, `legal hold ${legalHold}`)}</a>`
  }`;
}

/** The states of a search, which may find several dossiers. */
export function statesCard(visit: Visit, states: readonly CurrentState[]): Html {
  if (states.length === 0) return html``;
  return html`<section class="card">${states.map(
    (state) => html`<p>${dossierLink(state.code)}: ${stateText(visit, state)}</p>`,
  )}</section>`;
}
