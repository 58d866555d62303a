import {expect, test} from 'vitest';
import {type Order, Orders, readOrders} from '../../src/repository/unpacking/orders.ts';

test('orders come back as they were given, at the limits of their fields', () => {
  const given: Order[] = [
    {kind: 'part', at: 0, fd: 3, position: 2 ** 53 - 1, from: 0, length: 2 ** 32 - 1},
    {
      kind: 'whole',
      at: 2 ** 32 - 1,
      file: {
        directory: 9,
        name: Buffer.from([0xff, 0x20]),
        owner: undefined,
        mode: 0o777,
        mtimeNs: -(2n ** 63n),
      },
    },
    {
      kind: 'whole',
      at: 7,
      file: {
        directory: 2 ** 20,
        name: Buffer.alloc(255, 'n'),
        owner: {uid: 2 ** 32 - 2, gid: 0},
        mode: 0o1644,
        mtimeNs: 2n ** 63n - 1n,
      },
    },
    {kind: 'part', at: 1, fd: 4, position: 0, from: 12, length: 1},
  ];
  const orders = new Orders();
  for (const order of given) orders.add(order);
  expect([...readOrders(orders.toBytes())]).toEqual(given);
});
