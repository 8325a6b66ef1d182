import { html } from 'hono/html';
import type { Html } from '../layout.ts';
import { table } from '../parts/table.ts';
import { counted, number } from '../words.ts';
import { segment } from './api.ts';
import { operationOf, partyLink } from './parts.ts';
import type { Flow, Party, ShownRoute } from './records.ts';
import { titleOf, type Visit } from './visit.ts';
import { HEALTH, word } from './words.ts';

interface Node {
  readonly party: string;
  readonly many: number;
  readonly failed: number;
  readonly health: string;
}

/** The senders and receivers of the routes. A line is as thick as its flow and has the colour of its health. */
export function connectionMap(
  visit: Visit,
  routes: readonly ShownRoute[],
  parties: readonly Party[],
  { parties: flows }: Pick<Flow, 'parties'>,
): Html {
  const { say } = visit;
  const nodesOf = (ids: readonly string[], isSender: boolean): readonly Node[] =>
    [...new Set(ids)].map((party) => {
      const flow = flows.find((one) => one.party === party);
      const health = parties.find((one) => one.party === party)?.health ?? 'not-configured';
      if (isSender) return { party, many: flow?.received ?? 0, failed: 0, health };
      return { party, many: (flow?.delivered ?? 0) + (flow?.failed ?? 0), failed: flow?.failed ?? 0, health };
    });
  const senders = nodesOf(
    [...routes.map(({ from }) => from), ...flows.filter((one) => one.received > 0).map((one) => one.party)],
    true,
  );
  const receivers = nodesOf(
    routes.map(({ to }) => to),
    false,
  );
  if (senders.length + receivers.length === 0) return html``;
  return html`<figure class="card map"><figcaption>${say(
    'Sơ đồ kết nối: bên trái gửi đến trục, bên phải nhận từ trục; nét càng đậm, 60 phút qua càng nhiều',
    'Connections: the left side sends to the hub, the right side receives from it; a thicker line means more flow in the last 60 minutes',
  )}</figcaption>${drawing(visit, senders, receivers)}
<details><summary>${say(`Danh sách ${routes.length} tuyến chuyển`, `List of ${counted(routes.length, 'route', 'routes')}`)}</summary>${routeTable(visit, routes)}</details></figure>`;
}

const WIDTH = 980;
const BOX = { width: 316, height: 46 };
const STEP = 58;
const HUB = { x: 455, width: 70 };

function drawing(visit: Visit, senders: readonly Node[], receivers: readonly Node[]): Html {
  const { say } = visit;
  const height = Math.max(senders.length, receivers.length) * STEP + 8;
  const topOf = (nodes: readonly Node[], at: number): number =>
    4 + (height - nodes.length * STEP) / 2 + at * STEP + (STEP - BOX.height) / 2;
  const right = WIDTH - BOX.width;
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="${say('Sơ đồ kết nối', 'Map of the connections')}">
${senders.map((node, at) => wire(node, BOX.width, topOf(senders, at), HUB.x, height / 2))}
${receivers.map((node, at) => wire(node, right, topOf(receivers, at), HUB.x + HUB.width, height / 2))}
<rect class="hub" x="${HUB.x}" y="4" width="${HUB.width}" height="${height - 8}" rx="8"/>
<text class="hub-name" x="${HUB.x + HUB.width / 2}" y="${height / 2 + 5}" text-anchor="middle">${say('Trục', 'Hub')}</text>
${senders.map((node, at) => box(visit, node, 0, topOf(senders, at), true))}${receivers.map((node, at) =>
  box(visit, node, right, topOf(receivers, at), false),
)}</svg>`;
}

/** From a box to the hub. Ten times the flow adds three units. */
function wire({ many, health }: Node, x: number, top: number, hubX: number, middle: number): Html {
  const y = top + BOX.height / 2;
  // The lines spread over the edge of the hub.
  const hubY = middle + (y - middle) * 0.8;
  const half = (x + hubX) / 2;
  const width = many === 0 ? 1.5 : Math.min(2 + 3 * Math.log10(many + 1), 16);
  return html`<path class="wire ${health}${many === 0 ? ' still' : ''}" stroke-width="${width.toFixed(1)}" d="M${x} ${y}C${half} ${y} ${half} ${hubY} ${hubX} ${hubY}"/>`;
}

const MOST_LETTERS = 38;

function box(visit: Visit, { party, many, failed, health }: Node, x: number, top: number, isSender: boolean): Html {
  const { say } = visit;
  const title = titleOf(visit, party);
  const flow = isSender
    ? say(`${number(say, many)} thông điệp`, counted(many, 'message', 'messages'))
    : say(`${number(say, many)} lần gửi`, counted(many, 'attempt', 'attempts'));
  const bad = failed > 0 ? say(`, ${number(say, failed)} không thành công`, `, ${number(say, failed)} failed`) : '';
  const state = health === 'ok' ? `${flow}${bad}` : `${word(say, HEALTH, health)} · ${flow}${bad}`;
  const short = title.length > MOST_LETTERS ? `${title.slice(0, MOST_LETTERS - 1)}…` : title;
  return html`<a class="node ${health}" href="/console/parties/${segment(party)}"><title>${title}: ${state}</title>
<rect x="${x}" y="${top}" width="${BOX.width}" height="${BOX.height}" rx="7"/><circle cx="${x + 16}" cy="${top + BOX.height / 2}" r="6"/>
<text x="${x + 32}" y="${top + 19}">${short}</text><text class="more" x="${x + 32}" y="${top + 37}">${state}</text></a>`;
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly routes: readonly ShownRoute[];
}

function routeTable(visit: Visit, routes: readonly ShownRoute[]): Html {
  const { say } = visit;
  const ways = new Map<string, Way>();
  for (const route of routes) {
    const key = `${route.from} ${route.to}`;
    ways.set(key, { from: route.from, to: route.to, routes: [...(ways.get(key)?.routes ?? []), route] });
  }
  const items = [...ways.values()];
  return table<Way>({
    caption: say(
      `${items.length} đường kết nối, theo tuyến trong cấu hình`,
      `${counted(items.length, 'connection', 'connections')}, by the routes of the configuration`,
    ),
    empty: '',
    items,
    columns: [
      { head: say('Bên gửi', 'Sender'), cell: ({ from }) => partyLink(visit, from) },
      { head: say('Bên nhận', 'Receiver'), cell: ({ to }) => partyLink(visit, to) },
      {
        head: say('Nội dung', 'What'),
        cell: (way) =>
          html`${way.routes.map(
            ({ operation, isNarrowed }, at) =>
              html`${at > 0 ? ', ' : ''}${operationOf(visit, operation)}${isNarrowed ? say(' (một số thủ tục, lĩnh vực)', ' (some services or fields)') : ''}`,
          )}`,
      },
    ],
  });
}
