import {describe} from 'vitest';
import {serverFacts} from '../support/servers.ts';
import {describeTarget} from './conformance.ts';
import {createdS3} from './s3-scratch.ts';

const servers = [
  ['S3 on Ceph', serverFacts('S3 on Ceph', 'rgw')],
  ['S3 on Swift', serverFacts('S3 on Swift', 'swift')],
] as const;

for (const [name, facts] of servers) {
  describe.runIf(facts)(name, () => {
    describeTarget(name, () => createdS3(facts ?? {}, 'some/machine'), {
      ...(name === 'S3 on Swift' && {racesMayBeLost: true, manyNames: 1100}),
    });
  });
}
