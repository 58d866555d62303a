import {HoldfastError} from '../errors.ts';
import type {Check} from '../operations/doctor-target.ts';

/** What was found; a hint says that it is not as it should be. */
export interface Answer {
  readonly detail: string;
  readonly hint?: string;
}

/** One thing that doctor looks at. What it throws is not as it should be, either. */
export interface Question {
  readonly name: string;
  readonly required: boolean;
  ask(): Promise<Answer>;
}

export async function answer(name: string, required: boolean, ask: Question['ask']): Promise<Check> {
  try {
    const {detail, hint} = await ask();
    return {name, required, ok: hint === undefined, detail, hint};
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return {name, required, ok: false, detail: error.message, hint: error.hint};
  }
}
