import {describe, expect, test} from 'vitest';
import {serverFacts} from './servers.ts';

const swift = serverFacts('Swift and Keystone answer', 'swift');
const rgw = serverFacts('the Ceph RADOS gateway answers', 'rgw');

describe.runIf(swift)('Swift and Keystone answer', () => {
  test.each([
    ['ST_AUTH', '../../healthcheck'],
    ['S3_ENDPOINT', '/healthcheck'],
    ['OS_AUTH_URL', '/v3'],
  ])('%s', async (fact, path) => {
    const response = await fetch(new URL(path, swift?.[fact]));
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });
});

describe.runIf(rgw)('the Ceph RADOS gateway answers', () => {
  test('S3_ENDPOINT', async () => {
    const response = await fetch(new URL('/swift/healthcheck', rgw?.['S3_ENDPOINT']));
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });
});
