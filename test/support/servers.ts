/** Real storage and database servers: the scripts in `test/servers/` start them, and the environment names the files with their facts. */
import {readFileSync} from 'node:fs';
import {leftOut} from './skips.ts';

const SERVERS = {
  swift: {variable: 'HOLDFAST_TEST_SWIFT', start: 'test/servers/swift.sh start DIR --keystone'},
  rgw: {variable: 'HOLDFAST_TEST_RGW', start: 'test/servers/rgw.sh start DIR'},
  mariadb: {variable: 'HOLDFAST_TEST_MARIADB', start: 'test/servers/mariadb.sh start DIR'},
  redis: {variable: 'HOLDFAST_TEST_REDIS', start: 'test/servers/redis.sh start DIR'},
  smtp: {variable: 'HOLDFAST_TEST_SMTP', start: 'test/servers/smtp.sh start DIR'},
  postgres: {variable: 'HOLDFAST_TEST_POSTGRES', start: 'test/servers/postgres.sh start DIR'},
} as const;

/** What `start` printed, such as `ST_AUTH`. */
export type ServerFacts = Readonly<Record<string, string>>;

/** The facts of a running server; undefined, and told as left out, where there is none. */
export function serverFacts(suite: string, name: keyof typeof SERVERS): ServerFacts | undefined {
  const {variable, start} = SERVERS[name];
  const file = process.env[variable];
  if (!file) {
    leftOut(suite, `${variable} is not set; run "${start}", then set it to DIR/facts`);
    return undefined;
  }
  return readFacts(file);
}

export function readFacts(file: string): ServerFacts {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
