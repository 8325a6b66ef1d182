import type { Erased } from '#core/erasure/erased';

/** The columns of `dossiers` and `records` that say that personal data was erased. All null otherwise. */
export const ERASED_COLUMNS = ['erasure', 'erased_at', 'erased_up_to'] as const;

export interface ErasedColumns {
  erasure: number | null;
  erased_at: string | null;
  erased_up_to: string | null;
}

/** As a member of a held dossier or record; nothing if its data is there. */
export function erasedIn({ erasure, erased_at: at, erased_up_to: upTo }: ErasedColumns): { readonly erased?: Erased } {
  return erasure === null || at === null || upTo === null ? {} : { erased: { erasure, at, upTo } };
}

interface HasErased {
  readonly erased?: Erased | undefined;
}

/** For definePart: the columns of a row whose state is `of(row)`. */
export function erasedColumnsOf<Row>(of: (row: Row) => HasErased) {
  return {
    erasure: ['int8', (row: Row) => of(row).erased?.erasure],
    erased_at: ['timestamptz', (row: Row) => of(row).erased?.at],
    erased_up_to: ['uuid', (row: Row) => of(row).erased?.upTo],
  } as const;
}
