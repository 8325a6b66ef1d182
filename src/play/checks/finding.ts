/** Something that is not as the partners' acknowledgements and own books say it has to be. */
export interface Finding {
  /**
   * `lost` was acknowledged and is not there; `invented` is there and was not acknowledged; `duplicated` was taken more
   * than once; `overtaken` came in another order than it was told; `wrong` is there and says something else.
   */
  readonly kind: 'lost' | 'invented' | 'duplicated' | 'overtaken' | 'wrong';
  readonly text: string;
  /** The partner in whose book it was found; `index` where it was found at the hub. */
  readonly where: string;
}

export function finding(kind: Finding['kind'], text: string, where = 'index'): Finding {
  return { kind, text, where };
}
