import { raw } from 'hono/html';
import { CHANNEL } from '#core/catalogue/service-words';
import type { Service } from '#schemas/service.upsert.v1';
import type { Html } from './layout.ts';

/**
 * A service for search engines, in the page's head: schema.org's GovernmentService (https://schema.org/GovernmentService).
 * A block of data, which nothing runs. Papers, steps and the rest are in CPSV-AP; of a fee that is not known there is none.
 *
 * @param area whose service it is, such as the province
 */
export function serviceMarkup(service: Service, area: string | undefined): Html {
  const { code, name, fieldName, fields = [], agencies = [], audience = [], channels = [], results = [] } = service;
  const kinds = fields.length > 0 ? fields.map((field) => field.name) : fieldName ? [fieldName] : [];
  const fees = channels.flatMap(({ terms = [] }) => terms.flatMap((term) => term.fees ?? []));
  const offers = fees.flatMap(({ amountVnd, text, description }) =>
    typeof amountVnd === 'number'
      ? [{ '@type': 'Offer', price: amountVnd, priceCurrency: 'VND', description: description ?? text }]
      : [],
  );
  return asData({
    '@context': 'https://schema.org',
    '@type': 'GovernmentService',
    identifier: code,
    name,
    ...some('serviceType', kinds),
    ...some(
      'provider',
      agencies.map((agency) => ({ '@type': 'GovernmentOrganization', identifier: agency.code, name: agency.name })),
    ),
    ...some('areaServed', area === undefined ? [] : [{ '@type': 'AdministrativeArea', name: area }]),
    ...some(
      'audience',
      audience.map((audienceType) => ({ '@type': 'Audience', audienceType })),
    ),
    ...some(
      'availableChannel',
      channels.map(({ channel }) => ({ '@type': 'ServiceChannel', name: CHANNEL[channel][0] })),
    ),
    ...some('offers', offers),
    ...some(
      'serviceOutput',
      results.map((result) => ({ '@type': 'Thing', name: result.name })),
    ),
  });
}

function some(name: string, values: readonly unknown[]): object {
  return values.length > 0 ? { [name]: values } : {};
}

/** No text of a source ends the block: it ends with the first `</script`, whatever stands around it. */
function asData(value: object): Html {
  return raw(`<script type="application/ld+json">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`);
}
