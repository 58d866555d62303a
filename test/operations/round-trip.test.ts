import {test} from 'vitest';
import {Machine} from '../support/machine.ts';
import {expectRoundTrip} from '../support/round-trip.ts';

// F6-F10, F14
test('a nasty tree comes back identical, twice, on a machine without catalog or config', async () => {
  await using machine = await Machine.create();
  await expectRoundTrip(machine);
});
