/** The core on a real Swift: the same round trip as in a folder. The logins differ in their beginning alone (targets/swift-journey.test.ts). */
import {describe, test} from 'vitest';
import {openTarget} from '../../src/targets/open.ts';
import {Machine} from '../support/machine.ts';
import {expectRoundTrip} from '../support/round-trip.ts';
import {serverFacts} from '../support/servers.ts';
import {logins, newContainer} from '../targets/swift-server.ts';

const facts = serverFacts('Backups to Swift', 'swift');

describe.runIf(facts)('on Swift', () => {
  test('backups come back identical', async () => {
    const env = logins(facts ?? {})['Keystone, password'] ?? {};
    const target = await openTarget(`swift://${newContainer()}/fleet/app01`, '/', {env});
    await target.create({container: true});
    await using machine = await Machine.create({wrap: () => target});
    await expectRoundTrip(machine);
  }, 300_000);
});
