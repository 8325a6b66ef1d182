import { Agency } from './agency.upsert.v1.ts';
import { Progress } from './dossier.progress.v1.ts';
import { Dossier } from './dossier.upsert.v1.ts';
import { Field } from './field.upsert.v1.ts';
import { Payment } from './payment.v1.ts';
import { Petition } from './petition.v1.ts';
import { PostalOrder } from './postal-order.v1.ts';
import { Question } from './question.v1.ts';
import { Rating } from './rating.v1.ts';
import { Service } from './service.upsert.v1.ts';

/** The published operations: what can be routed from one party to another, and the schema of what is carried. */
export const OPERATIONS = {
  'dossier.upsert.v1': Dossier,
  'dossier.progress.v1': Progress,
  'service.upsert.v1': Service,
  'agency.upsert.v1': Agency,
  'field.upsert.v1': Field,
  'question.upsert.v1': Question,
  'petition.upsert.v1': Petition,
  'rating.upsert.v1': Rating,
  'postal-order.upsert.v1': PostalOrder,
  'payment.upsert.v1': Payment,
} as const;
export type Operation = keyof typeof OPERATIONS;

/** The record that an operation carries. */
export interface Records {
  'dossier.upsert.v1': Dossier;
  'dossier.progress.v1': Progress;
  'service.upsert.v1': Service;
  'agency.upsert.v1': Agency;
  'field.upsert.v1': Field;
  'question.upsert.v1': Question;
  'petition.upsert.v1': Petition;
  'rating.upsert.v1': Rating;
  'postal-order.upsert.v1': PostalOrder;
  'payment.upsert.v1': Payment;
}
