import { html } from 'hono/html';
import { formatLocal, instantToMs, parseInstant } from '#core/dates/dates';
import type { Say } from '../language.ts';
import type { Html } from '../layout.ts';
import { durationOf } from '../words.ts';

/** A time in Vietnamese notation. */
export function timeOf(text: string | null | undefined): Html {
  if (!text) return html`–`;
  const instant = parseInstant(text);
  return instant === undefined
    ? html`${text}`
    : html`<time datetime="${instant}">${formatLocal('dd/MM/yyyy HH:mm:ss', instant)}</time>`;
}

/** The same as plain text, where HTML elements are not allowed. */
export function plainTimeOf(text: string): string {
  const instant = parseInstant(text);
  return instant === undefined ? text : formatLocal('dd/MM/yyyy HH:mm:ss', instant);
}

/** A time, and its distance from now. */
export function timeAndAge(say: Say, text: string | null | undefined, nowMs: number): Html {
  return text ? html`${timeOf(text)} <span class="note age">(${ageOf(say, text, nowMs)})</span>` : html`–`;
}

/** The distance of a time from now, in its two largest units. */
export function ageOf(say: Say, text: string, nowMs: number): string {
  const s = Math.round((nowMs - instantToMs(text)) / 1_000);
  if (Math.abs(s) < 1) return say('vừa xong', 'just now');
  const words = durationOf(say, Math.abs(s));
  return s > 0 ? say(`${words} trước`, `${words} ago`) : say(`còn ${words}`, `in ${words}`);
}

/** Working time in hours and minutes, because a working day has no 24 hours. */
export function hoursOf(say: Say, seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = say(`${minutes % 60} phút`, `${minutes % 60} min`);
  if (hours === 0) return minutes === 0 ? say('dưới 1 phút', 'under 1 min') : rest;
  return minutes % 60 === 0 ? say(`${hours} giờ`, `${hours} h`) : say(`${hours} giờ ${rest}`, `${hours} h ${rest}`);
}
