/** `status --fleet`: opens the prefix, remembers who was there, and reads the list of who should be. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {ConfigError, NotFoundError} from '../errors.ts';
import {type FleetStatus, readFleet} from '../operations/fleet/fleet.ts';
import type {FleetLimits} from '../operations/fleet/judge.ts';
import {FleetMemory} from '../operations/fleet/memory.ts';
import {sha256} from '../repository/layout.ts';
import {openTarget} from '../targets/open.ts';
import {type ContextOptions, configOf} from './chosen-config.ts';
import {fingerprint} from './context.ts';
import {counted} from './output.ts';
import {stateFolder} from './places.ts';
import {targetAccess} from './target-access.ts';

/** Requests are small, and there are many. */
const REQUESTS = 48;
/** A monitor comes again soon. */
const RETRY_FOR_MS = 30_000;

export interface FleetCommandOptions extends FleetLimits {
  readonly prefix: string;
  /** A file with the names of machines that there must be. */
  readonly expect?: string | undefined;
  /** Machines that are gone for good. */
  readonly forget?: readonly string[] | undefined;
}

export async function fleetStatus(
  {flags, env, cwd, output, signal}: ContextOptions,
  {prefix, expect, forget = [], ...limits}: FleetCommandOptions,
): Promise<FleetStatus> {
  const config = await configOf(flags, env, cwd);
  const access = targetAccess({config, env, output});
  await using target = await openTarget(prefix, cwd, {
    ...access,
    limits: {
      ...access.limits,
      requests: REQUESTS,
      retryForMs: access.limits?.retryForMs ?? RETRY_FOR_MS,
    },
  });
  const memory = new FleetMemory(
    join(stateFolder(env), 'fleets', `${sha256(target.label).slice(0, 32)}.json`),
    target.label,
  );
  const remembered = new Map(memory.machines);
  for (const name of forget)
    if (!remembered.delete(name))
      throw new NotFoundError(`No machine "${name}" is remembered below ${target.label}.`, {
        hint: 'Write its name as "holdfast status --fleet" shows it.',
      });
  const approved = [
    ...(flags.agent ?? []),
    ...(flags.operator ?? []),
    ...(config?.trustedAgents ?? []),
    ...(config?.trustedOperators ?? []),
  ].map(fingerprint);
  const expected = expect === undefined ? [] : namesIn(expect);
  const reading = await readFleet(target, {...limits, remembered, expected, approved, signal});
  memory.replace(reading.memory);
  if (reading.met.length > 0)
    output.note(
      `${counted(reading.met.length, 'machine')} met for the first time, whose agents are now believed: ${shortened(reading.met)}.`,
    );
  return reading.status;
}

const NAMES_SHOWN = 5;

function shortened(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** One name a line; what follows a `#` is a comment. */
function namesIn(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`The list of machines ${file} cannot be read.`, {
      cause,
      hint: 'Give --expect a file with the name of one machine on each line.',
    });
  }
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}
