import {describe, expect, test} from 'vitest';
import {UsageError} from '../../src/errors.ts';
import {openTarget} from '../../src/targets/open.ts';

test.each([
  ['file:///srv/backups', 'file:///srv/backups'],
  ['FILE:///srv/backups/', 'file:///srv/backups'],
  ['file:///srv/100%25%20gr%C3%B6%C3%9Fe', 'file:///srv/100% größe'],
  ['/srv/backups', 'file:///srv/backups'],
  ['/srv/a:b#c?d%20', 'file:///srv/a:b#c?d%20'],
  ['backups', 'file:///home/me/backups'],
  ['./a:b', 'file:///home/me/a:b'],
  ['../other/', 'file:///home/other'],
])('%s is %s', (url, label) => {
  expect(openTarget(url, '/home/me').label).toBe(label);
});

describe('refuses', () => {
  test.each([
    ['s3://key:canary@bucket/x', /s3:\/\/ are not supported by this version yet/],
    ['swift://container', /swift:\/\/ are not supported by this version yet/],
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
  ])('%s', (url, message) => {
    const open = () => openTarget(url, '/home/me');
    expect(open).toThrow(UsageError);
    expect(open).toThrow(message);
    try {
      open();
    } catch (error) {
      const {message: words, hint} = error as UsageError;
      expect(`${words} ${hint}`).not.toMatch(/canary|secret/); // J1
    }
  });
});
