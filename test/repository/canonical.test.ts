/** Canonical JSON (RFC 8785) and the reading of members (TESTING.md D4). */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {canonicalJson, type Json} from '../../src/repository/canonical.ts';
import {Fields, FormatError, signedText} from '../../src/repository/fields.ts';

describe('canonical JSON', () => {
  // RFC 8785 §3.2.3: sorted by UTF-16 code units, so that the emoji comes before U+FB33.
  test('sorts as the example of the RFC', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  // RFC 8785 §3.2.2.2
  test('writes text as the example of the RFC', () => {
    expect(
      canonicalJson({string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false]}),
    ).toBe('{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  });

  test('takes integers alone', () => {
    expect(canonicalJson([0, -1, 2 ** 53 - 1])).toBe('[0,-1,9007199254740991]');
    for (const number of [0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => canonicalJson(number)).toThrow(RangeError);
    expect(canonicalJson(-0)).toBe('0');
  });

  test('leaves out what is undefined, and keeps __proto__ as what it is', () => {
    expect(canonicalJson({b: 1, a: undefined})).toBe('{"b":1}');
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}') as Json)).toBe(
      '{"__proto__":{"a":2},"b":1}',
    );
  });

  const json = fc.letrec<{value: Json}>((tie) => ({
    value: fc.oneof(
      {maxDepth: 4},
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger().map((number) => number + 0),
      fc.string({unit: 'binary'}),
      fc.array(tie('value'), {maxLength: 4}),
      fc.dictionary(fc.string({unit: 'binary'}), tie('value'), {maxKeys: 4}),
    ),
  })).value;

  test('says the same whatever the order, is stable, and is JSON', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
          const reversed = Object.fromEntries(Object.entries(value).toReversed()) as Json;
          expect(canonicalJson(reversed)).toBe(text);
        }
      }),
      {numRuns: 500},
    );
  });

  // D4: two texts with one meaning are not both accepted.
  test.each([
    '{"a":1,"a":1}',
    '{"a":1, "b":2}',
    '{"b":1,"a":2}',
    '{"a":1.0}',
    '{"a":1e0}',
    '{"a":-0}',
    '{"\\u0061":1}',
    '["\\/"]',
    ' 1',
    '{"a":1}\n',
    '"\\ud83d\\ude00"',
  ])('%j is not canonical', (text) => {
    expect(canonicalJson(JSON.parse(text) as Json)).not.toBe(text);
  });
});

describe('fields', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s is nothing unless it is there',
    (member) => {
      const fields = Fields.parse('{}');
      expect(fields.has(member)).toBe(false);
      for (const read of ['text', 'count', 'hash', 'time', 'object'] as const)
        expect(() => fields[read](member)).toThrow(FormatError);
      expect(() => fields.list(member, 10, (item) => item)).toThrow(FormatError);
      expect(Fields.parse(`{"${member}":"x"}`).text(member)).toBe('x');
    },
  );

  test('lists have a limit, counts a range, times a form', () => {
    const fields = Fields.parse(
      '{"list":[1,2,3],"big":9007199254740992,"negative":-1,"half":0.5,"time":"2026-13-01T00:00:00Z","good":"2026-11-20T02:30:00.000Z"}',
    );
    expect(() => fields.list('list', 2, (item) => item)).toThrow('at most 2');
    expect(fields.list('list', 3, (item) => item)).toEqual([1, 2, 3]);
    for (const member of ['big', 'negative', 'half']) expect(() => fields.count(member)).toThrow(FormatError);
    expect(() => fields.time('time')).toThrow(FormatError);
    expect(fields.time('good')).toBe('2026-11-20T02:30:00.000Z');
  });

  test.each([0, 2, 2 ** 53 - 1])('format %i is refused', (format) => {
    expect(() => Fields.parse(`{"format":${format}}`).format()).toThrow(/format/);
  });

  test('signed bytes that are not UTF-8 are no text', () => {
    expect(signedText(Buffer.from('ü'))).toBe('ü');
    expect(() => signedText(Buffer.from([0x22, 0xff, 0x22]))).toThrow(FormatError);
  });
});
