import {describe, expect, test} from 'vitest';
import {UsageError} from '../../src/errors.ts';
import {isSamePlace, openTarget} from '../../src/targets/open.ts';

test.each([
  ['file:///srv/backups', 'file:///srv/backups'],
  ['FILE:///srv/backups/', 'file:///srv/backups'],
  ['file:///srv/100%25%20gr%C3%B6%C3%9Fe', 'file:///srv/100% größe'],
  ['/srv/backups', 'file:///srv/backups'],
  ['/srv/a:b#c?d%20', 'file:///srv/a:b#c?d%20'],
  ['backups', 'file:///home/me/backups'],
  ['./a:b', 'file:///home/me/a:b'],
  ['../other/', 'file:///home/other'],
])('%s is %s', async (url, label) => {
  expect((await openTarget(url, '/home/me', {env: {}})).label).toBe(label);
  expect(isSamePlace(url, label.slice('file://'.length), '/home/me')).toBe(true);
  expect(isSamePlace(url, '/srv/elsewhere', '/home/me')).toBe(false);
});

describe('refuses', () => {
  test.each([
    ['s3://key:canary@bucket/x', /do not belong in the s3:\/\/ URL/],
    ['swift://canary:secret@container', /holds no credentials/],
    ['swift://container?canary=secret', /unknown parameter/],
    ['swift:///canary', /names no Swift container/],
    ['swift://container/canary//x', /No object can have the prefix/],
    ['swift://container/a%ZZcanary', /not valid/],
    ['swift://container?expireAfter=canary', /is not a duration/],
    ['swift://container/canary', /no credentials for Swift/],
    ['sftp://canary:canary@host/x', /no targets of the kind sftp:\/\//],
    ['canary:secret@host:/x', /no targets like this one/],
    ['file://canary/share', /three slashes/],
    ['file:relative', /three slashes/],
    ['file:///a?canary', /not valid/],
    ['file:///a#canary', /not valid/],
    ['file:///a%2Fb', /not valid/],
    ['file:///a%00b', /no NUL/],
    ['~/backups', /only a shell/],
    ['', /empty/],
  ])('%s', async (url, message) => {
    const refusal = await openTarget(url, '/home/me', {env: {}}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    const {message: words, hint} = refusal as UsageError;
    expect(words).toMatch(message);
    expect(`${words} ${hint}`).not.toMatch(/canary|secret/); // J1
  });
});
