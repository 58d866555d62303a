import {describe, expect, test} from 'vitest';
import {UsageError} from '../../src/errors.ts';
import {openS3} from '../../src/targets/s3.ts';
import {parseS3Url} from '../../src/targets/s3-url.ts';

test.each([
  ['s3://backups', {bucket: 'backups', prefix: '', pathStyle: false}],
  ['s3://backups/', {bucket: 'backups', prefix: ''}],
  ['s3://backups/app01/?region=eu-central-1', {prefix: 'app01/', region: 'eu-central-1'}],
  ['s3://backups/gr%C3%B6%C3%9Fe/a%20b%25', {prefix: 'größe/a b%/'}],
  ['s3://my.backups/x', {bucket: 'my.backups', pathStyle: true}],
  [
    's3://b1?endpoint=https://s3.example.org:9000/',
    {endpoint: 'https://s3.example.org:9000', pathStyle: true},
  ],
  [
    's3://b1?endpoint=https%3A%2F%2F[::1]:9000&pathStyle=false',
    {endpoint: 'https://[::1]:9000', pathStyle: false},
  ],
  ['s3://b1?profile=ops&storageClass=STANDARD_IA', {profile: 'ops', storageClass: 'STANDARD_IA'}],
  ['s3://b1?kmsKey=alias/backups', {encryption: 'aws:kms', kmsKey: 'alias/backups'}],
  ['s3://b1?encryption=AES256', {encryption: 'AES256', kmsKey: undefined}],
  ['s3://b1/x?at=first', {at: 'first'}],
  ['s3://b1/x?at=2026-11-20T02:30Z', {at: Date.UTC(2026, 10, 20, 2, 30)}],
])('%s', (url, place) => {
  expect(parseS3Url(url)).toMatchObject(place);
});

describe('refuses', () => {
  test.each([
    ['s3:/canary', /not valid/],
    ['s3://', /no bucket/],
    ['s3://ca nary/x', /no bucket/],
    ['s3://b1/canary#x', /not valid/],
    ['s3://b1/%zz', /%25/],
    ['s3://b1/../canary', /cannot be the beginning/],
    ['s3://b1//canary', /cannot be the beginning/],
    ['s3://key:canary@b1/x', /do not belong/],
    ['s3://b1?secretAccessKey=canary', /do not belong/],
    ['s3://b1?accessKeyId=canary', /do not belong/],
    ['s3://b1?endpoint=https://canary:canary@host', /do not belong/],
    ['s3://b1?canary=1', /unknown setting/],
    ['s3://b1?region=', /region of the s3:\/\/ URL is empty/],
    ['s3://b1?region=canary&region=x', /twice/],
    ['s3://b1?endpoint=canary', /https:\/\//],
    ['s3://b1?endpoint=ftp://canary', /https:\/\//],
    ['s3://b1?endpoint=https://host/?canary=1', /query/],
    ['s3://b1?pathStyle=canary', /true or false/],
    ['s3://b1?at=canary', /"first", or a time/],
  ])('%s', (url, message) => {
    const parse = () => parseS3Url(url);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
    try {
      parse();
    } catch (error) {
      const {message: words, hint} = error as UsageError;
      expect(`${words} ${hint}`).not.toMatch(/canary/); // J1
    }
  });
});

describe('an endpoint without encryption', () => {
  const open = (requireTls: boolean, env = {}, query = '?endpoint=http://s3.example.org') => {
    const warnings: string[] = [];
    openS3(`s3://b1/x${query}`, {env, requireTls, onWarning: (warning) => warnings.push(warning)});
    return warnings;
  };

  test('is warned of, or refused', () => {
    expect(open(false)).toEqual([expect.stringMatching(/s3\.example\.org is reached without encryption/)]);
    expect(open(false, {AWS_ENDPOINT_URL: 'http://s3.example.org'}, '')).toHaveLength(1);
    expect(() => open(true)).toThrow(UsageError);
    expect(open(true, {}, '?endpoint=https://s3.example.org')).toEqual([]);
    expect(open(true, {}, '?endpoint=http://127.0.0.1:9000')).toEqual([]);
  });
});
