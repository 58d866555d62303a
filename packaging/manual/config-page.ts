import type {Release} from '../release.ts';
import {bold, italic, item, page, prose, section, verbatim} from './roff.ts';

/** The part of JSON Schema that the config's uses. */
export interface Schema {
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const EXAMPLE = `repository: s3://backups/app01?region=eu-central-1
recipients: [/etc/holdfast/ops.public.asc]
sources:
  etc: { folder: /etc }
  app: { folder: /srv/app, exclude: ["*.tmp"], before: systemctl stop app, after: systemctl start app }
  orders: { postgres: { database: orders } }`;

/** `holdfast.yaml(5)`, from the JSON Schema that `holdfast config schema` prints. */
export function configPage(schema: Schema, {date, version}: Release): string {
  return page(
    {name: 'holdfast.yaml', section: 5, summary: 'what Holdfast backs up, and where to', date, version},
    [
      section(
        'DESCRIPTION',
        prose(
          'A YAML file that `holdfast init` writes, with comments. After a change, `holdfast config check` names each problem with its line. Only root and the user who runs the backup may be able to write to it. Keys that are not known are refused.',
        ),
        '.PP',
        prose(
          'Values may come from the environment: `${env:NAME}`. Durations are written like `90m`, `12h` or `30d`, sizes like `500MB` or `16MiB`.',
        ),
        verbatim(EXAMPLE),
      ),
      section('KEYS', ...keys(schema)),
      section(
        'SEE ALSO',
        `${bold('holdfast')}(1), ${bold('holdfast-config-check')}(1), ${bold('holdfast-config-schema')}(1)`,
      ),
    ],
  );
}

function keys({properties = {}, required = []}: Schema): string[] {
  return Object.entries(properties).flatMap(([name, value]) =>
    key(bold(name), value, required.includes(name)),
  );
}

/** One key with everything below it. */
function key(term: string, value: Schema, needed = false): string[] {
  const text = [value.description ?? '', needed ? 'Needed.' : ''].filter((part) => part !== '').join(' ');
  const below = nested(value);
  return [
    item(`${term}: ${kind(value)}`, prose(text) || '\\&'),
    ...(below.length > 0 ? ['.RS', ...below, '.RE'] : []),
  ];
}

/** What stands below a key: the keys of an object, those of each named entry, those of each of several shapes. */
function nested(value: Schema): string[] {
  if (value.properties) return keys(value);
  if (typeof value.additionalProperties === 'object') {
    const below = nested(value.additionalProperties);
    return below.length > 0 ? ['.PP\nFor each name:', ...below] : [];
  }
  if (value.items?.properties) return keys(value.items);
  const shapes = value.anyOf?.filter((shape) => nested(shape).length > 0) ?? [];
  const [first] = shapes;
  if (first === undefined) return [];
  return shapes.length === 1 ? nested(first) : alternatives(shapes);
}

/** Shapes of which one is chosen, such as the kinds of sources: first what each of them has, then what all have. */
function alternatives(shapes: readonly Schema[]): string[] {
  const all = shapes.map(({properties = {}}) => properties);
  const [first = {}] = all;
  const common = Object.keys(first).filter((name) =>
    all.every((properties) => Object.hasOwn(properties, name)),
  );
  const without = (shape: Schema): Schema => ({
    ...shape,
    properties: Object.fromEntries(
      Object.entries(shape.properties ?? {}).filter(([name]) => !common.includes(name)),
    ),
  });
  return [
    ...shapes.flatMap((shape, index) => [
      `.PP\n${italic(index === 0 ? 'Either:' : 'or:')}`,
      ...keys(without(shape)),
    ]),
    ...(common.length > 0 ? [`.PP\n${italic('With each of them:')}`] : []),
    ...common.flatMap((name) => key(bold(name), first[name] ?? {})),
  ];
}

/** What may stand there, in words that are roff. */
function kind(value: Schema): string {
  const {const: only, enum: choices, anyOf, items, type, examples} = value;
  if (only !== undefined) return bold(String(only));
  if (choices) return choices.map(bold).join('|');
  if (anyOf) return [...new Set(anyOf.filter((one) => one.type !== 'null').map(kind))].join(' or ');
  if (examples?.length) return `${italic('text')}, such as ${examples.map(bold).join(' or ')}`;
  if (type === 'array') return `list of ${items ? kind(items) : italic('text')}`;
  if (type === 'boolean') return `${bold('true')}|${bold('false')}`;
  if (type === 'object') return value.properties ? 'with the keys below' : 'entries by name';
  if (type === 'integer' || type === 'number') return range(value);
  return italic('text');
}

function range({minimum, maximum}: Schema): string {
  const ends = [minimum, maximum].filter(
    (end) => end !== undefined && Math.abs(end) < Number.MAX_SAFE_INTEGER,
  );
  return `${italic('number')}${ends.length === 2 ? ` from ${ends.join(' to ')}` : ''}`;
}
