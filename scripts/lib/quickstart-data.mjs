// The quickstart's sample: real files from node_modules and an SQLite database, and the edits of a working day.
import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {root} from './project.mjs';

/** Stands in a file of the sample; must not be found in the repository. */
export const PLAINTEXT = 'The quarterly figures are confidential.';

export function makeSample(folder) {
  mkdirSync(join(folder, 'empty folder'), {recursive: true});
  for (const name of ['@oclif/core/lib', 'yaml/dist', 'ignore']) {
    cpSync(join(root, 'node_modules', name), join(folder, 'app', name), {
      recursive: true,
      preserveTimestamps: true,
    });
  }
  writeFileSync(join(folder, 'figures.txt'), `${PLAINTEXT}\n`.repeat(50));
  chmodSync(join(folder, 'figures.txt'), 0o600);
  writeFileSync(join(folder, 'Übersicht – größer.txt'), 'Names are bytes.\n');
  linkSync(join(folder, 'figures.txt'), join(folder, 'figures-hard-link.txt'));
  symlinkSync('app/yaml/dist/index.js', join(folder, 'link'));
  writeOrders(join(folder, 'orders.db'), 20_000);
}

export function changeSample(folder) {
  appendFileSync(join(folder, 'app/yaml/dist/index.js'), '// changed\n');
  writeFileSync(join(folder, 'new.txt'), 'New today.\n');
  renameSync(join(folder, 'app/ignore'), join(folder, 'app/ignore-renamed'));
  rmSync(join(folder, 'app/@oclif/core/lib/errors/errors'), {recursive: true});
  writeOrders(join(folder, 'orders.db'), 500);
}

function writeOrders(file, count) {
  const database = new Database(file);
  database.exec('create table if not exists orders (id integer primary key, customer text, cents integer)');
  const insert = database.prepare('insert into orders (customer, cents) values (?, ?)');
  database.transaction(() => {
    for (let n = 0; n < count; n++) insert.run(`customer ${(n * 7919) % 1009}`, (n * 104729) % 100_000);
  })();
  database.close();
}

/** What a reader of the database sees: that it is whole, and how many orders there are. */
export function readOrders(file) {
  const database = new Database(file, {readonly: true});
  try {
    const integrity = database.pragma('integrity_check', {simple: true});
    return {integrity, orders: database.prepare('select count(*) from orders').pluck().get()};
  } finally {
    database.close();
  }
}
