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

/** @param told the dossier version in a delivery, to show whether a newer one exists */
export function stateText(
  { say, nowMs }: Visit,
  { status, statusAt, version, erasedAt, legalHold }: CurrentState,
  told: number = version,
): Html {
  const newer = version > told ? html` <span class="note">${newerThan(version, told)}</span>` : '';
  return html`<strong>${word(say, STATUSES, status)}</strong> ${say('từ', 'since')} ${timeAndAge(say, statusAt, nowMs)}${newer}${
    erasedAt === null
      ? ''
      : html`; ${say('đã xóa dữ liệu cá nhân', 'personal data erased')} ${timeAndAge(say, erasedAt, nowMs)}`
  }${
    legalHold === null
      ? ''
      : html`; <a href="/console/retention">${say(`lệnh giữ ${legalHold}`, `legal hold ${legalHold}`)}</a>`
  }`;

  function newerThan(newest: number, one: number): string {
    return say(
      `(phiên bản ${newest}; lượt này nói về phiên bản ${one})`,
      `(version ${newest}; this delivery is of version ${one})`,
    );
  }
}

/** The states of a search, which may find several dossiers. */
export function statesCard(visit: Visit, states: readonly CurrentState[]): Html {
  if (states.length === 0) return html``;
  return html`<section class="card">${states.map(
    (state) => html`<p>${dossierLink(state.code)}: ${stateText(visit, state)}</p>`,
  )}</section>`;
}
