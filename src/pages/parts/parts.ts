import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { type IconName, icon } from './icon.ts';

/** What a colour says. It never says it alone: a word stands beside it. */
export type Tone = 'plain' | 'now' | 'good' | 'warn' | 'bad';

/** A state in one or two words. */
export function badgeOf(tone: Tone, text: string, name?: IconName): Html {
  return html`<span class="badge ${tone}">${name ? icon(name) : ''}${text}</span>`;
}

/** The place of an empty list, with the next thing to do. */
export function emptyState(name: IconName, text: Html | string, next: Html | string = ''): Html {
  return html`<div class="card empty" role="note">${icon(name)}<p>${text}</p>${next}</div>`;
}

export interface Figure {
  readonly value: string | number;
  /** The unit or the thing that is counted. */
  readonly what: string;
  readonly more?: string | undefined;
  readonly href?: string | undefined;
  readonly tone?: Tone;
}

/** The most important numbers of a page, each with its meaning. */
export function figures(list: readonly Figure[]): Html {
  return html`<ul class="numbers">${list.map(({ value, what, more, href, tone = 'plain' }) => {
    const said = html`<strong>${value}</strong> ${what}`;
    return html`<li class="card ${tone}">${href ? html`<a href="${href}">${said}</a>` : said}${more ? html` <span class="note">${more}</span>` : ''}</li>`;
  })}</ul>`;
}

/** A share of a whole as a bar. @param label says the same in words */
export function bar(share: number, label: string, tone: Tone = 'now'): Html {
  const width = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return html`<svg class="bar ${tone}" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="${label}"><rect width="${width}" height="4"/></svg>`;
}

export interface TimelineStep {
  readonly state: 'done' | 'now' | 'ahead';
  /** Replaces the colour of the state. */
  readonly tone?: Tone | undefined;
  readonly name: Html | string;
  /** The time and the unit. */
  readonly when: Html | string;
  readonly more?: Html | string;
}

const POINTS = { done: 'check', now: 'circle', ahead: 'clock' } as const satisfies Record<string, IconName>;

/** The steps of something, in their order. */
export function timeline(label: string, steps: readonly TimelineStep[]): Html {
  return html`<ol class="timeline" aria-label="${label}">${steps.map(
    ({
      state,
      tone,
      name,
      when,
      more = '',
    }) => html`<li class="${state === 'now' && tone && tone !== 'plain' ? tone : state}"${state === 'now' ? html` aria-current="step"` : ''}>
<span class="point">${icon(tone === 'bad' || tone === 'warn' ? 'triangle-alert' : POINTS[state])}</span>
<span class="name">${name}</span><span class="when">${when}</span>${more}</li>`,
  )}</ol>`;
}

interface Coded {
  readonly code: string;
  readonly name: string;
}

/** The options of a select. It offers a value from a link even when the list lacks it. @param none the text for no value */
export function optionsOf(list: readonly Coded[], chosen: string, none: string): Html {
  const isKnown = chosen === '' || list.some(({ code }) => code === chosen);
  const all = isKnown ? list : [{ code: chosen, name: chosen }, ...list];
  return html`<option value="">${none}</option>${all.map(
    ({ code, name }) => html`<option value="${code}"${code === chosen ? html` selected` : ''}>${name}</option>`,
  )}`;
}
