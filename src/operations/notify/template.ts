/** Texts with fields, such as `{summary}`. What is in braces and is no field stays as it is. */
import type {RunReport} from './report.ts';
import {fieldsOf} from './report.ts';

type Fields = ReturnType<typeof fieldsOf>;

export function fillIn(template: string, report: RunReport): string {
  return replaceIn(template, fieldsOf(report));
}

/** The same for each text within a value. A text that is one field alone keeps its kind: a number stays a number. */
export function fillInAll(value: unknown, report: RunReport): unknown {
  const fields = fieldsOf(report);
  const walk = (inner: unknown): unknown => {
    if (typeof inner === 'string') {
      const [, name = ''] = /^\{(\w+)\}$/.exec(inner) ?? [];
      return Object.hasOwn(fields, name) ? fields[name] : replaceIn(inner, fields);
    }
    if (Array.isArray(inner)) return inner.map(walk);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value);
}

/** For a piece of an address. */
export function fillInAddress(template: string, report: RunReport): string {
  const fields = Object.entries(fieldsOf(report));
  return replaceIn(
    template,
    Object.fromEntries(fields.map(([name, value]) => [name, encodeURIComponent(value ?? '')])),
  );
}

function replaceIn(template: string, fields: Fields): string {
  return template.replaceAll(/\{(\w+)\}/g, (all: string, name: string) =>
    Object.hasOwn(fields, name) ? String(fields[name] ?? '') : all,
  );
}
