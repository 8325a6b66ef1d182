// Written by `npm run client-types`.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** Agency */
        readonly Agency: {
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly code: string;
            /** @description name, at most 500 characters */
            readonly name: string;
            /** @enum {unknown} */
            readonly level?: "ministry" | "province" | "district" | "commune";
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly parentCode?: string;
            readonly inForce: boolean;
        };
        /** Answer */
        readonly Answer: {
            /**
             * Format: uuid
             * @description the ask in the record of the hub
             */
            readonly id: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly at: string;
            readonly tookMs: number;
            /**
             * @description `several`: more than one record fits, and the hub chooses none
             * @enum {unknown}
             */
            readonly outcome: "found" | "not-found" | "several";
            /** @description the record, by the members of the question */
            readonly answer?: {
                readonly [key: string]: unknown;
            };
            /** @description places of the register's record whose values could not be read */
            readonly unread?: readonly string[];
            /** @description how many records fit */
            readonly count?: number;
        };
        /**
         * CPSV-AP
         * @description JSON-LD by CPSV-AP 3.2.0
         */
        readonly CPSVAP: {
            /** @description prefixes and types, inline, so clients fetch nothing */
            readonly "@context": Record<string, never>;
            /** Format: uri */
            readonly "@id": string;
            /** @description cpsv:PublicService, cv:PublicOrganisation or skos:Concept */
            readonly "@type": string;
        };
        /**
         * CPSV-AP page
         * @description JSON-LD by CPSV-AP 3.2.0; Link names the next page, if there is one
         */
        readonly CPSVAPPage: {
            /** @description prefixes and types, inline, so clients fetch nothing */
            readonly "@context": Record<string, never>;
            readonly "@graph": readonly {
                /** @description cpsv:PublicService, cv:PublicOrganisation or skos:Concept */
                readonly "@type": string;
            }[];
        };
        /** CatalogueChange */
        readonly CatalogueChange: {
            /** @description JSON Pointer in this version of the record; for a removed value, in the previous version */
            readonly path: string;
            /** @description the value before; null when it is absent or unknown */
            readonly was: unknown;
            /** @description the value from then on; null when it is absent or unknown */
            readonly now: unknown;
            /** @description the change in one line, in the requested language */
            readonly text: string;
        };
        /** CatalogueVersion */
        readonly CatalogueVersion: {
            /** @description increases with each version, possibly with gaps; 1 is a new entry */
            readonly version: number;
            /**
             * Format: date-time
             * @description when the hub received it
             */
            readonly changedAt: string;
            /** @description the owner of the entry */
            readonly party: string;
            /** @description the message with the change; null for a change without a message */
            readonly messageId: string | null;
            /**
             * @description left-out: a complete list of the party no longer had the entry, so it is out of force
             * @enum {unknown}
             */
            readonly cause: "told" | "left-out";
            /** @description compared with the previous version; empty when none is known or only the notation differs */
            readonly changes: readonly components["schemas"]["CatalogueChange"][];
        };
        /** Change */
        readonly Change: {
            readonly cursor: string;
            readonly code: string;
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly statusAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly changedAt: string;
        };
        /** ChangePage */
        readonly ChangePage: {
            readonly items: readonly (components["schemas"]["Change"] | components["schemas"]["RecordChange"])[];
            readonly next: string | null;
            /**
             * @description present when changes after the cursor may be missing, because they are no longer stored or the database was restored; a client with a copy of the index must take a new snapshot
             * @constant
             */
            readonly gap?: true;
        };
        /** ChangedEntry */
        readonly ChangedEntry: {
            /** @enum {unknown} */
            readonly kind: "service" | "agency" | "field";
            readonly code: string;
            readonly name: string;
            readonly inForce: boolean;
            /** @description increases with each version, possibly with gaps; 1 is a new entry */
            readonly version: number;
            /**
             * Format: date-time
             * @description when the hub received it
             */
            readonly changedAt: string;
            /** @description the owner of the entry */
            readonly party: string;
            /** @description the message with the change; null for a change without a message */
            readonly messageId: string | null;
            /**
             * @description left-out: a complete list of the party no longer had the entry, so it is out of force
             * @enum {unknown}
             */
            readonly cause: "told" | "left-out";
            /** @description compared with the previous version; empty when none is known or only the notation differs */
            readonly changes: readonly components["schemas"]["CatalogueChange"][];
        };
        /** Delays */
        readonly Delays: {
            readonly office: number;
            readonly queue: number;
            readonly partnerDown: number;
            readonly partnerSlow: number;
            readonly quarantine: number;
            readonly wrongData: number;
            /** @description the same, by party */
            readonly parties: {
                readonly [key: string]: {
                    readonly queue: number;
                    readonly partnerDown: number;
                    readonly partnerSlow: number;
                    readonly quarantine: number;
                    readonly wrongData: number;
                };
            };
        };
        /** Dossier */
        readonly Dossier: {
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly code: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode: string;
            /** @description text, at most 1,000 characters */
            readonly serviceName?: string | null;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string | null;
            /** @description name, at most 500 characters */
            readonly fieldName?: string | null;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode: string;
            /** @description name, at most 500 characters */
            readonly agencyName?: string | null;
            /** @enum {unknown} */
            readonly channel?: "counter" | "online" | "post" | null | "";
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly statusAt: string | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly submittedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly receivedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly dueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly finishedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly returnedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly refusedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            readonly applicant?: {
                /** @enum {unknown} */
                readonly kind?: "citizen" | "enterprise" | "state-body" | "organisation" | null | "";
                /** @description name, at most 500 characters */
                readonly name: string;
                /** @enum {unknown} */
                readonly identityKind?: "cccd" | "cmnd" | "passport" | "tax-code" | null | "";
                /** @description identity number of letters, digits and hyphens */
                readonly identityNumber?: string | null;
                /** @description telephone number */
                readonly phone?: string | null;
                /** @description e-mail address */
                readonly email?: string | null;
                /** @description text, at most 1,000 characters */
                readonly address?: string | null;
                /** @description identifier at its source, at most 200 characters */
                readonly techId?: string | null;
            } | null;
            /** @description text, at most 20,000 characters */
            readonly abstract?: string | null;
            /** @description name, at most 500 characters */
            readonly processingUnit?: string | null;
            /** @description text, at most 20,000 characters */
            readonly note?: string | null;
            /** @enum {unknown} */
            readonly resultDelivery?: "counter" | "post" | null | "";
            /** @enum {unknown} */
            readonly filedAt?: "national-portal" | "province" | null | "";
            readonly aliases?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly party: string;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code: string;
            }[] | null;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly parentCode?: string | null;
            readonly documents?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string | null;
                /** @description text, at most 20,000 characters */
                readonly name?: string | null;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly componentCode?: string | null;
                /** @description address, at most 2,000 characters */
                readonly url?: string | null;
                /** @description reference of a pushed file, sha256: and 64 hexadecimal digits */
                readonly file?: string | null;
                readonly digitised?: boolean | null;
                readonly reused?: boolean | null;
                readonly fromNationalStore?: boolean | null;
                readonly deleted?: boolean | null;
            }[] | null;
            readonly fees?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly code?: string | null;
                /** @description text, at most 1,000 characters */
                readonly name?: string | null;
                /** @enum {unknown} */
                readonly kind?: "ordinary" | "assessment" | "extension" | null | "";
                /** @description whole number of đồng from 0 to 1,000,000,000,000,000, or null when not known */
                readonly amountVnd?: number | null;
                /** @enum {unknown} */
                readonly collected?: "reception" | "supplement" | "return" | null | "";
            }[] | null;
            /** @enum {unknown} */
            readonly onlinePayment?: "none" | "national-portal" | "province" | "offline" | null | "";
            readonly supplements?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string | null;
                /** @description name, at most 500 characters */
                readonly requestedBy?: string | null;
                /** @description text, at most 20,000 characters */
                readonly content?: string | null;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly requestedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
                /** @description name, at most 500 characters */
                readonly receivedBy?: string | null;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly receivedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly previousDueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly newDueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            }[] | null;
            readonly results?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string | null;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code?: string | null;
                /** @description text, at most 20,000 characters */
                readonly name?: string | null;
                /** @description address, at most 2,000 characters */
                readonly url?: string | null;
                /** @description reference of a pushed file, sha256: and 64 hexadecimal digits */
                readonly file?: string | null;
            }[] | null;
            readonly databases?: readonly string[] | null;
        };
        /** Field */
        readonly Field: {
            /** @description field code such as G03-GD10 */
            readonly code: string;
            /** @description name, at most 500 characters */
            readonly name: string;
            /** @description identifier at its source, at most 200 characters */
            readonly branch?: string;
            readonly inForce: boolean;
        };
        /** FileLine */
        readonly FileLine: {
            /** @description empty for CSV and XML */
            readonly sheet: string;
            /** @description the row of the sheet, or the position in the list of an XML file, from 1 */
            readonly row?: number;
            /** @description the code of the dossier, if the row has one */
            readonly code?: string;
            /** @enum {unknown} */
            readonly outcome: "accepted" | "duplicate" | "stale" | "quarantined" | "invalid";
            /** @description `path` names the cell: `/sheet1/E4` is the cell E4 of the first sheet */
            readonly problems: readonly components["schemas"]["ItemProblem"][];
        };
        /** FileLink */
        readonly FileLink: {
            /** @description below the address of the hub */
            readonly url: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly expiresAt: string;
        };
        /**
         * FileReport
         * @example {
         *       "receipt": "6f1c2a3e-8d4b-8c11-9a20-3b5f6e7d8c90",
         *       "file": "ho-so-thang-8.xlsx",
         *       "list": "dossiers",
         *       "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
         *       "at": "2025-08-13T10:00:00+07:00",
         *       "outcome": "taken",
         *       "read": 2,
         *       "counts": {
         *         "new": 1,
         *         "changed": 0,
         *         "same": 0,
         *         "stale": 0,
         *         "quarantined": 0,
         *         "invalid": 1
         *       },
         *       "problems": [],
         *       "lines": [
         *         {
         *           "sheet": "Tháng 8",
         *           "row": 4,
         *           "code": "H60.09-250812-0013",
         *           "outcome": "invalid",
         *           "problems": [
         *             {
         *               "path": "/sheet1/E4",
         *               "code": "cell-number",
         *               "args": {
         *                 "got": "1099123456"
         *               },
         *               "message": "the cell has the number 1099123456, expected a text: leading zeros may be lost; format the column as text and enter the value again"
         *             }
         *           ]
         *         }
         *       ],
         *       "linesLeftOut": 0
         *     }
         */
        readonly FileReport: {
            /**
             * Format: uuid
             * @description the same for the same file
             */
            readonly receipt: string;
            readonly file: string;
            /** @description the list of the settings to which the file belongs by its name */
            readonly list: string;
            readonly sha256: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly at: string;
            /**
             * @description `repeat`: the same file was taken before; `refused`: nothing of it was taken; `readable`: a preview, nothing was stored
             * @enum {unknown}
             */
            readonly outcome: "taken" | "repeat" | "refused" | "readable";
            /** @description rows with records */
            readonly read: number;
            /** @description rows by what they did; all 0 for a refused file */
            readonly counts: {
                readonly new: number;
                readonly changed: number;
                readonly same: number;
                readonly stale: number;
                readonly quarantined: number;
                readonly invalid: number;
            };
            /** @description why the whole file is refused */
            readonly problems: readonly components["schemas"]["ItemProblem"][];
            /** @description the first 1000 rows that were not taken, or that have warnings */
            readonly lines: readonly components["schemas"]["FileLine"][];
            /** @description further rows; the report as CSV has them */
            readonly linesLeftOut: number;
        };
        /** HistoryStep */
        readonly HistoryStep: {
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly at: string;
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            readonly actor?: string;
            readonly title?: string;
            readonly unit?: string;
            readonly content?: string;
            readonly party: string;
            /** Format: uuid */
            readonly messageId: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly receivedAt: string;
            readonly movedStatus: boolean;
            /**
             * @description reported by a party that does not own the dossier; it changes nothing
             * @constant
             */
            readonly claim?: true;
        };
        /** ItemProblem */
        readonly ItemProblem: {
            /** @description JSON Pointer */
            readonly path: string;
            /** @description stable; absent in results that an older version stored */
            readonly code?: string;
            /** @description the values in the sentence, by name */
            readonly args?: {
                readonly [key: string]: unknown;
            };
            /** @description English, or Vietnamese with Accept-Language: vi */
            readonly message: string;
        };
        /** ItemResult */
        readonly ItemResult: {
            /** @description position of the item in the request */
            readonly index: number;
            readonly code?: string;
            /** @enum {unknown} */
            readonly outcome: "accepted" | "duplicate" | "stale" | "quarantined" | "invalid";
            readonly problems?: readonly components["schemas"]["ItemProblem"][];
            readonly warnings?: readonly components["schemas"]["ItemProblem"][];
        };
        /** NewQuestion */
        readonly NewQuestion: {
            /** @description text, at most 20,000 characters */
            readonly content: string;
            readonly asker?: {
                /** @description name, at most 500 characters */
                readonly name?: string;
                /** @description text, at most 1,000 characters */
                readonly address?: string;
                /** @description telephone number */
                readonly phone?: string;
                /** @description e-mail address */
                readonly email?: string;
            };
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode?: string;
            /** @enum {unknown} */
            readonly visibility?: "public" | "private";
        };
        /** NewRating */
        readonly NewRating: {
            /** @description the last four digits of the phone or identity number on the dossier */
            readonly proof: string;
            /** @enum {unknown} */
            readonly level: "very-satisfied" | "satisfied" | "dissatisfied";
            /** @description text, at most 20,000 characters */
            readonly reason?: string;
            readonly criteria?: readonly {
                readonly no: number;
                readonly points: number;
            }[];
            /** @description text, at most 20,000 characters */
            readonly comment?: string;
        };
        /** Payment */
        readonly Payment: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "requested" | "initiated" | "pending" | "paid" | "failed" | "cancelled" | "refunded";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly stateAt: string | unknown | unknown;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string | null;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly amountVnd: number;
            readonly items?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly code?: string | null;
                /** @description text, at most 1,000 characters */
                readonly name?: string | null;
                /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
                readonly amountVnd: number;
            }[] | null;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly paidAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description identifier at its source, at most 200 characters */
            readonly transaction?: string | null;
            /** @description address, at most 2,000 characters */
            readonly payUrl?: string | null;
            /** @description address, at most 2,000 characters */
            readonly receiptUrl?: string | null;
            readonly payer?: {
                /** @description name, at most 500 characters */
                readonly name?: string | null;
            } | null;
        };
        /** Petition */
        readonly Petition: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "received" | "held" | "assigned" | "answered" | "published" | "refused" | "withdrawn";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly stateAt: string | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly sentAt: string | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly dueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @enum {unknown} */
            readonly kind?: "feedback" | "suggestion" | null | "";
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string | null;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string | null;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string | null;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode?: string | null;
            /** @description text, at most 20,000 characters */
            readonly content: string;
            readonly sender?: {
                /** @description name, at most 500 characters */
                readonly name?: string | null;
                /** @description text, at most 1,000 characters */
                readonly address?: string | null;
                /** @description telephone number */
                readonly phone?: string | null;
                /** @description e-mail address */
                readonly email?: string | null;
            } | null;
            readonly answers?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string | null;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly at: string | unknown | unknown;
                /** @description name, at most 500 characters */
                readonly by?: string | null;
                /** @description name, at most 500 characters */
                readonly unit?: string | null;
                /** @description text, at most 1,000 characters */
                readonly title?: string | null;
                /** @description text, at most 20,000 characters */
                readonly content: string;
            }[] | null;
        };
        /** PostalOrder */
        readonly PostalOrder: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "registered" | "collecting" | "handed-over" | "delivered" | "cancelled" | "failed";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly stateAt: string | unknown | unknown;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @enum {unknown} */
            readonly direction: "pick-up" | "return";
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string | null;
            /** @description code of another system, without blanks, at most 100 characters */
            readonly waybill?: string | null;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly codAmountVnd?: number | null;
            readonly sender?: {
                /** @description name, at most 500 characters */
                readonly name?: string | null;
                /** @description text, at most 1,000 characters */
                readonly address?: string | null;
                /** @description telephone number */
                readonly phone?: string | null;
                /** @description e-mail address */
                readonly email?: string | null;
            } | null;
            readonly receiver?: {
                /** @description name, at most 500 characters */
                readonly name?: string | null;
                /** @description text, at most 1,000 characters */
                readonly address?: string | null;
                /** @description telephone number */
                readonly phone?: string | null;
                /** @description e-mail address */
                readonly email?: string | null;
            } | null;
            readonly steps?: readonly {
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly at: string | unknown | unknown;
                /** @description name, at most 500 characters */
                readonly status: string;
                /** @description text, at most 1,000 characters */
                readonly text?: string | null;
            }[] | null;
        };
        /**
         * Problem
         * @description RFC 9457
         */
        readonly Problem: {
            /** @enum {string} */
            readonly type: "/docs#problem-not-json" | "/docs#problem-bad-request" | "/docs#problem-unauthorized" | "/docs#problem-forbidden" | "/docs#problem-not-found" | "/docs#problem-method-not-allowed" | "/docs#problem-ambiguous" | "/docs#problem-key-reused" | "/docs#problem-decided" | "/docs#problem-changed" | "/docs#problem-erased" | "/docs#problem-expired" | "/docs#problem-too-slow" | "/docs#problem-too-large" | "/docs#problem-too-many" | "/docs#problem-unsupported-media" | "/docs#problem-invalid" | "/docs#problem-too-often" | "/docs#problem-internal" | "/docs#problem-not-answered" | "/docs#problem-unavailable";
            readonly title: string;
            readonly status: number;
            /** @description English, or Vietnamese with Accept-Language: vi */
            readonly detail: string;
            /** @description the detail as a stable code, for programs */
            readonly code: string;
            /** @description the values in the detail, by name */
            readonly args: Record<string, never>;
            readonly problems?: readonly {
                /** @description JSON Pointer */
                readonly path: string;
                /** @description stable; absent in results that an older version stored */
                readonly code?: string;
                /** @description the values in the sentence, by name */
                readonly args?: {
                    readonly [key: string]: unknown;
                };
                /** @description English, or Vietnamese with Accept-Language: vi */
                readonly message: string;
            }[];
        };
        /** Progress */
        readonly Progress: {
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly code: string;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly at: string | unknown | unknown;
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /** @description name, at most 500 characters */
            readonly actor: string;
            /** @description name, at most 500 characters */
            readonly title?: string | null;
            /** @description name, at most 500 characters */
            readonly unit?: string | null;
            /** @description text, at most 20,000 characters */
            readonly content: string;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly startedAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly dueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
        };
        /**
         * PublicDossier
         * @description A dossier as a citizen without a key sees it
         */
        readonly PublicDossier: {
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly code: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode: string;
            /** @description text, at most 1,000 characters */
            readonly serviceName?: string;
            /** @description name, at most 500 characters */
            readonly fieldName?: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode: string;
            /** @description name, at most 500 characters */
            readonly agencyName?: string;
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly statusAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly submittedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly receivedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly dueAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly finishedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly returnedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly refusedAt?: string;
            /** @description name, at most 500 characters */
            readonly processingUnit?: string;
            readonly applicant?: {
                /** @description masked */
                readonly name: string;
            };
            readonly steps?: readonly components["schemas"]["PublicStep"][];
            readonly payments?: readonly components["schemas"]["PublicPayment"][];
            /**
             * @description the dossier has a rating
             * @constant
             */
            readonly rated?: true;
            readonly postalOrders?: readonly components["schemas"]["PublicPostalOrder"][];
        };
        /**
         * PublicPayment
         * @description A payment of a dossier as a citizen without a key sees it
         */
        readonly PublicPayment: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "requested" | "initiated" | "pending" | "paid" | "failed" | "cancelled" | "refunded";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly amountVnd: number;
            readonly items?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly code?: string;
                /** @description text, at most 1,000 characters */
                readonly name?: string;
                /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
                readonly amountVnd: number;
            }[];
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly paidAt?: string;
            /** @description address, at most 2,000 characters */
            readonly payUrl?: string;
            /** @description address, at most 2,000 characters */
            readonly receiptUrl?: string;
        };
        /**
         * PublicPostalOrder
         * @description A postal order of a dossier as a citizen without a key sees it
         */
        readonly PublicPostalOrder: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly direction: "pick-up" | "return";
            /** @enum {unknown} */
            readonly state: "registered" | "collecting" | "handed-over" | "delivered" | "cancelled" | "failed";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /** @description code of another system, without blanks, at most 100 characters */
            readonly waybill?: string;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly codAmountVnd?: number;
            readonly steps?: readonly {
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                readonly status: string;
            }[];
        };
        /**
         * PublicQuestion
         * @description A question as a client without a key sees it
         */
        readonly PublicQuestion: {
            readonly code: string;
            readonly state: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly askedAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly dueAt?: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string;
            /** @description mentions of the asker masked */
            readonly content: string;
            readonly asker?: {
                /** @description masked */
                readonly name: string;
            };
            readonly answers?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                /** @description name, at most 500 characters */
                readonly by?: string;
                /** @description name, at most 500 characters */
                readonly unit?: string;
                /** @description text, at most 1,000 characters */
                readonly title?: string;
                /** @description text, at most 20,000 characters */
                readonly content: string;
            }[];
        };
        /**
         * PublicStep
         * @description A step of a dossier as a citizen without a key sees it
         */
        readonly PublicStep: {
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly at: string;
            /** @description where the step was taken */
            readonly unit?: string;
        };
        /** Question */
        readonly Question: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "received" | "held" | "assigned" | "answered" | "published" | "refused" | "withdrawn";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly stateAt: string | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly askedAt: string | unknown | unknown;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly dueAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string | null;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string | null;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string | null;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode?: string | null;
            /** @enum {unknown} */
            readonly visibility?: "public" | "private" | null | "";
            /** @description text, at most 20,000 characters */
            readonly content: string;
            readonly asker?: {
                /** @description name, at most 500 characters */
                readonly name?: string | null;
                /** @description text, at most 1,000 characters */
                readonly address?: string | null;
                /** @description telephone number */
                readonly phone?: string | null;
                /** @description e-mail address */
                readonly email?: string | null;
            } | null;
            readonly answers?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string | null;
                /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
                readonly at: string | unknown | unknown;
                /** @description name, at most 500 characters */
                readonly by?: string | null;
                /** @description name, at most 500 characters */
                readonly unit?: string | null;
                /** @description text, at most 1,000 characters */
                readonly title?: string | null;
                /** @description text, at most 20,000 characters */
                readonly content: string;
            }[] | null;
        };
        /** Question to a register */
        readonly QuestionToARegister: {
            readonly party: string;
            readonly partyTitle: string;
            readonly question: string;
            /** @description what officers call it */
            readonly title: string;
            /** @description the JSON Schema of the values */
            readonly values: {
                readonly [key: string]: unknown;
            };
            /** @description the values that the hub takes from the dossier */
            readonly fromDossier: readonly string[];
            /** @description the members of an answer */
            readonly members: readonly string[];
        };
        /** Rating */
        readonly Rating: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code?: string | null;
            /** @enum {unknown} */
            readonly state?: "received" | null | "";
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly stateAt?: ((string | unknown | unknown) | null) | unknown | unknown;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string | null;
            /** @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00 */
            readonly ratedAt: string | unknown | unknown;
            /** @enum {unknown} */
            readonly level: "very-satisfied" | "satisfied" | "dissatisfied";
            /** @description text, at most 20,000 characters */
            readonly reason?: string | null;
            readonly criteria?: readonly {
                /** @description number of the criterion, 1 to 11 */
                readonly no: number;
                /** @description points, 0 to 2 */
                readonly points: number;
                /** @enum {unknown} */
                readonly source?: "citizen" | "computed" | null | "";
            }[] | null;
            /** @description text, at most 20,000 characters */
            readonly comment?: string | null;
        };
        /** Receipt */
        readonly Receipt: {
            /** Format: uuid */
            readonly receipt: string;
            readonly results: readonly components["schemas"]["ItemResult"][];
        };
        /** RecordChange */
        readonly RecordChange: {
            readonly cursor: string;
            readonly code: string;
            readonly state: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly changedAt: string;
        };
        /** Report */
        readonly Report: {
            readonly number?: string;
            readonly title: string;
            readonly period: {
                readonly name: string;
                readonly from: string;
                readonly to: string;
            };
            readonly reportedBy: string;
            readonly unit?: string;
            readonly head: readonly (readonly {
                readonly text: string;
                readonly columns?: number;
                readonly rows?: number;
            }[])[];
            readonly widths: readonly number[];
            readonly rows: readonly {
                readonly cells: readonly (string | number | null)[];
                readonly isTotal?: boolean;
                /** @description by column: where the records behind the number are */
                readonly links?: {
                    readonly [key: string]: string;
                };
            }[];
            readonly notes: readonly string[];
            readonly signatures: readonly string[];
            /** @description of a part of `fields`: the cursor of the next part, null for the last one */
            readonly next?: string | null;
            /** @description of a part of `fields`: how many dossiers the whole report has; null for more than 10,000 */
            readonly dossiers?: number | null;
        };
        /** ReportRecord */
        readonly ReportRecord: {
            /** @description the line: an agency, a party, the number of an incident, or a role of processes */
            readonly key: string;
            /** @description `dossier`, `delivery`, `run` of a process, or a kind of record such as `question` */
            readonly what: string;
            /** @description its code, or the number of a delivery or run */
            readonly code: string;
            /** @description when it began, ended or was created, by which it belongs to the period */
            readonly at: string;
        };
        /**
         * ServedDossier
         * @description A dossier as readers see it. Without index:personal, the applicant is masked, in texts too, and documents and results have no url
         */
        readonly ServedDossier: {
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly code: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode: string;
            /** @description text, at most 1,000 characters */
            readonly serviceName?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description name, at most 500 characters */
            readonly fieldName?: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode: string;
            /** @description name, at most 500 characters */
            readonly agencyName?: string;
            /** @enum {unknown} */
            readonly channel?: "counter" | "online" | "post";
            /** @enum {unknown} */
            readonly status: "submitted" | "received" | "refused" | "processing" | "supplement-required" | "payment-required" | "withdrawn" | "stopped" | "resolved" | "returned";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly statusAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly submittedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly receivedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly dueAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly finishedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly returnedAt?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly refusedAt?: string;
            readonly applicant?: {
                /** @enum {unknown} */
                readonly kind?: "citizen" | "enterprise" | "state-body" | "organisation";
                /** @description name, at most 500 characters */
                readonly name: string;
                /** @enum {unknown} */
                readonly identityKind?: "cccd" | "cmnd" | "passport" | "tax-code";
                /** @description only its last characters, or unmasked with the scope for it */
                readonly identityNumber?: string;
                /** @description only its last characters, or unmasked with the scope for it */
                readonly phone?: string;
                /** @description only its last characters, or unmasked with the scope for it */
                readonly email?: string;
                /** @description only its last characters, or unmasked with the scope for it */
                readonly address?: string;
                /** @description only its last characters, or unmasked with the scope for it */
                readonly techId?: string;
            };
            /** @description text, at most 20,000 characters */
            readonly abstract?: string;
            /** @description name, at most 500 characters */
            readonly processingUnit?: string;
            /** @description text, at most 20,000 characters */
            readonly note?: string;
            /** @enum {unknown} */
            readonly resultDelivery?: "counter" | "post";
            /** @enum {unknown} */
            readonly filedAt?: "national-portal" | "province";
            readonly aliases?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly party: string;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code: string;
            }[];
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly parentCode?: string;
            readonly documents?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /** @description text, at most 20,000 characters */
                readonly name?: string;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly componentCode?: string;
                /** @description address, at most 2,000 characters */
                readonly url?: string;
                /** @description reference of a pushed file, sha256: and 64 hexadecimal digits */
                readonly file?: string;
                readonly digitised?: boolean;
                readonly reused?: boolean;
                readonly fromNationalStore?: boolean;
                readonly deleted?: boolean;
            }[];
            readonly fees?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly code?: string;
                /** @description text, at most 1,000 characters */
                readonly name?: string;
                /** @enum {unknown} */
                readonly kind?: "ordinary" | "assessment" | "extension";
                /** @description whole number of đồng from 0 to 1,000,000,000,000,000, or null when not known */
                readonly amountVnd?: number | null;
                /** @enum {unknown} */
                readonly collected?: "reception" | "supplement" | "return";
            }[];
            /** @enum {unknown} */
            readonly onlinePayment?: "none" | "national-portal" | "province" | "offline";
            readonly supplements?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /** @description name, at most 500 characters */
                readonly requestedBy?: string;
                /** @description text, at most 20,000 characters */
                readonly content?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly requestedAt?: string;
                /** @description name, at most 500 characters */
                readonly receivedBy?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly previousDueAt?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly newDueAt?: string;
            }[];
            readonly results?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code?: string;
                /** @description text, at most 20,000 characters */
                readonly name?: string;
                /** @description address, at most 2,000 characters */
                readonly url?: string;
                /** @description reference of a pushed file, sha256: and 64 hexadecimal digits */
                readonly file?: string;
            }[];
            readonly databases?: readonly string[];
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
            /** @description present when the request names a time */
            readonly asOf?: {
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly recordedAt: string;
                /** Format: uuid */
                readonly messageId: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly until?: string;
            };
        };
        /** Served payment */
        readonly ServedPayment: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "requested" | "initiated" | "pending" | "paid" | "failed" | "cancelled" | "refunded";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly amountVnd: number;
            readonly items?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly code?: string;
                /** @description text, at most 1,000 characters */
                readonly name?: string;
                /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
                readonly amountVnd: number;
            }[];
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly paidAt?: string;
            /** @description identifier at its source, at most 200 characters */
            readonly transaction?: string;
            /** @description address, at most 2,000 characters */
            readonly payUrl?: string;
            /** @description address, at most 2,000 characters */
            readonly receiptUrl?: string;
            /** @description a person, masked */
            readonly payer?: Record<string, never>;
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
        };
        /** Served petition */
        readonly ServedPetition: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "received" | "held" | "assigned" | "answered" | "published" | "refused" | "withdrawn";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly sentAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly dueAt?: string;
            /** @enum {unknown} */
            readonly kind?: "feedback" | "suggestion";
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode?: string;
            /** @description text, at most 20,000 characters */
            readonly content: string;
            /** @description a person, masked */
            readonly sender?: Record<string, never>;
            readonly answers?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                /** @description name, at most 500 characters */
                readonly by?: string;
                /** @description name, at most 500 characters */
                readonly unit?: string;
                /** @description text, at most 1,000 characters */
                readonly title?: string;
                /** @description text, at most 20,000 characters */
                readonly content: string;
            }[];
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
        };
        /** Served postal-order */
        readonly ServedPostalOrder: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "registered" | "collecting" | "handed-over" | "delivered" | "cancelled" | "failed";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @enum {unknown} */
            readonly direction: "pick-up" | "return";
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description code of another system, without blanks, at most 100 characters */
            readonly waybill?: string;
            /** @description whole number of đồng from 1 to 1,000,000,000,000,000 */
            readonly codAmountVnd?: number;
            /** @description a person, masked */
            readonly sender?: Record<string, never>;
            /** @description a person, masked */
            readonly receiver?: Record<string, never>;
            readonly steps?: readonly {
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                /** @description name, at most 500 characters */
                readonly status: string;
                /** @description text, at most 1,000 characters */
                readonly text?: string;
            }[];
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
        };
        /** Served question */
        readonly ServedQuestion: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "received" | "held" | "assigned" | "answered" | "published" | "refused" | "withdrawn";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly askedAt: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly dueAt?: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly serviceCode?: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode?: string;
            /** @enum {unknown} */
            readonly visibility?: "public" | "private";
            /** @description text, at most 20,000 characters */
            readonly content: string;
            /** @description a person, masked */
            readonly asker?: Record<string, never>;
            readonly answers?: readonly {
                /** @description identifier at its source, at most 200 characters */
                readonly id?: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly at: string;
                /** @description name, at most 500 characters */
                readonly by?: string;
                /** @description name, at most 500 characters */
                readonly unit?: string;
                /** @description text, at most 1,000 characters */
                readonly title?: string;
                /** @description text, at most 20,000 characters */
                readonly content: string;
            }[];
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
        };
        /** Served rating */
        readonly ServedRating: {
            /** @description code of another system, without blanks, at most 100 characters */
            readonly code: string;
            /** @enum {unknown} */
            readonly state: "received";
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly stateAt: string;
            /** @description dossier code such as H60.01-250812-0035, its date part a real date */
            readonly dossierCode: string;
            /** @description agency code such as H60.01 or 000.00.01.H22 */
            readonly agencyCode?: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly ratedAt: string;
            /** @enum {unknown} */
            readonly level: "very-satisfied" | "satisfied" | "dissatisfied";
            /** @description text, at most 20,000 characters */
            readonly reason?: string;
            readonly criteria?: readonly {
                /** @description number of the criterion, 1 to 11 */
                readonly no: number;
                /** @description points, 0 to 2 */
                readonly points: number;
                /** @enum {unknown} */
                readonly source?: "citizen" | "computed";
            }[];
            /** @description text, at most 20,000 characters */
            readonly comment?: string;
            readonly freshness: {
                readonly party: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly eventAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly receivedAt: string;
                /**
                 * Format: date-time
                 * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                 */
                readonly erasedAt?: string;
            };
        };
        /** Service */
        readonly Service: {
            /** @description procedure code such as 1.001612 or 1.001612.000.00.00.H48 */
            readonly code: string;
            /** @description text, at most 1,000 characters */
            readonly name: string;
            readonly inForce: boolean;
            /** @description name, at most 500 characters */
            readonly category?: string;
            /** @description code of another system, without blanks, at most 100 characters */
            readonly publishedBy?: string;
            /** @description identifier at its source, at most 200 characters */
            readonly decision?: string;
            /** @description field code such as G03-GD10 */
            readonly fieldCode?: string;
            /** @description name, at most 500 characters */
            readonly fieldName?: string;
            readonly fields?: readonly {
                /** @description field code such as G03-GD10 */
                readonly code: string;
                /** @description name, at most 500 characters */
                readonly name: string;
            }[];
            readonly levels?: readonly ("ministry" | "province" | "district" | "commune")[];
            readonly agencies?: readonly {
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code?: string;
                /** @description name, at most 500 characters */
                readonly name: string;
            }[];
            readonly receivedAt?: readonly string[];
            readonly audience?: readonly string[];
            /** @description text, at most 20,000 characters */
            readonly audienceNote?: string;
            readonly channels?: readonly {
                /** @enum {unknown} */
                readonly channel: "counter" | "online" | "post";
                readonly terms?: readonly {
                    readonly amount?: number;
                    /** @enum {unknown} */
                    readonly unit?: "working-day" | "day" | "hour" | "month";
                    /** @description text, at most 1,000 characters */
                    readonly text?: string;
                    /** @description text, at most 20,000 characters */
                    readonly description?: string;
                    readonly fees?: readonly {
                        /** @description identifier at its source, at most 200 characters */
                        readonly code?: string;
                        /** @description whole number of đồng from 0 to 1,000,000,000,000,000, or null when not known */
                        readonly amountVnd: number | null;
                        /** @description text, at most 1,000 characters */
                        readonly text?: string;
                        /** @description name, at most 500 characters */
                        readonly unit?: string;
                        /** @description text, at most 20,000 characters */
                        readonly description?: string;
                        /** @description address, at most 2,000 characters */
                        readonly url?: string;
                    }[];
                }[];
            }[];
            readonly cases?: readonly {
                /** @description text, at most 1,000 characters */
                readonly name?: string;
                readonly steps?: readonly string[];
                readonly components?: readonly {
                    /** @description code of another system, without blanks, at most 100 characters */
                    readonly code?: string;
                    /** @description text, at most 20,000 characters */
                    readonly name: string;
                    readonly originals?: number;
                    readonly copies?: number;
                    readonly forms?: readonly {
                        /** @description text, at most 1,000 characters */
                        readonly name?: string;
                        /** @description address, at most 2,000 characters */
                        readonly url?: string;
                    }[];
                }[];
            }[];
            readonly results?: readonly {
                /** @description code of another system, without blanks, at most 100 characters */
                readonly code?: string;
                /** @description text, at most 20,000 characters */
                readonly name: string;
            }[];
            readonly legalBases?: readonly {
                /** @description name, at most 500 characters */
                readonly number?: string;
                /** @description text, at most 20,000 characters */
                readonly name?: string;
            }[];
            /** @description text, at most 20,000 characters */
            readonly conditions?: string;
            /** @enum {unknown} */
            readonly onlineLevel?: "information" | "partial" | "full";
            readonly historicLevel?: number;
            readonly onlinePayment?: boolean;
            readonly byPost?: boolean;
        };
        /** SignedReceipt */
        readonly SignedReceipt: {
            /** Format: uuid */
            readonly receipt: string;
            readonly party: string;
            readonly door: string;
            readonly operation: string;
            /**
             * Format: date-time
             * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
             */
            readonly receivedAt: string;
            /** @description the hash of the received body, inflated, in hexadecimal; for a stream without an Idempotency-Key, the hash of the lines in this part, without surrounding blanks and each ended by one line feed */
            readonly sha256: string;
            /** @description the number of hashed bytes */
            readonly bytes: number;
            readonly items: readonly {
                readonly index: number;
                readonly code?: string;
                /** @enum {unknown} */
                readonly outcome: "accepted" | "duplicate" | "stale" | "quarantined" | "invalid";
                readonly problems?: readonly {
                    /** @description JSON Pointer */
                    readonly path: string;
                }[];
                readonly warnings?: readonly {
                    /** @description JSON Pointer */
                    readonly path: string;
                }[];
                /** @description for a quarantined item: its current state */
                readonly since?: {
                    /** @description waiting, accepted, stale, dismissed, … */
                    readonly state: string;
                    /**
                     * Format: date-time
                     * @description real date and time with a zone (RFC 3339), such as 2025-08-12T08:15:00+07:00
                     */
                    readonly at?: string;
                };
            }[];
            readonly next: string | null;
            /** @description a compact JWS (RFC 7515): EdDSA with Ed25519, `kid` and `jwk` in its header, verifiable with the keys of /.well-known/jwks.json */
            readonly signed: string;
        };
        /** Submitted */
        readonly Submitted: {
            readonly code?: string;
            /** @enum {unknown} */
            readonly outcome: "accepted" | "duplicate" | "quarantined" | "invalid";
            readonly problems?: readonly components["schemas"]["ItemProblem"][];
        };
        /** TakenFile */
        readonly TakenFile: {
            /** @description the reference for `documents[].file` and `results[].file` */
            readonly file: string;
            readonly bytes: number;
            /** @description by the content of the file */
            readonly mediaType: string;
            /** @enum {unknown} */
            readonly scan: "clean" | "unscanned";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
