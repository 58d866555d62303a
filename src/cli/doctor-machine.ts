/** What is looked at on this machine by a plain `holdfast doctor`: keys, rights of files, tools, room, clock, catalog, the last backups. */

import type {Config} from '../config/config.ts';
import type {Check} from '../operations/doctor-target.ts';
import type {History} from '../repository/history.ts';
import {systemFolders} from '../schedule/install/installed.ts';
import type {CliContext} from './context.ts';
import {agentKey, noPrivateKey, recipients, recipientsLast} from './doctor-keys.ts';
import {attributes, programs} from './doctor-programs.ts';
import {answer, type Question} from './doctor-question.ts';
import {schedule} from './doctor-schedule.ts';
import {catalog, clock, lastBackups, permissions, room} from './doctor-upkeep.ts';

/** @param context undefined where the repository could not be opened */
export async function examineMachine(
  {
    config,
    context,
    env,
  }: {
    config: Config;
    context: CliContext | undefined;
    env: Readonly<Record<string, string | undefined>>;
  },
  onCheck: (check: Check) => void,
): Promise<Check[]> {
  const questions: Question[] = [
    {name: 'recipients', required: true, ask: () => recipients(config)},
    {name: 'recipients last', required: false, ask: () => recipientsLast(config)},
    {name: 'no private key here', required: true, ask: () => noPrivateKey(config, env)},
    {name: 'programs', required: true, ask: () => programs(config, env['PATH'] ?? '')},
    {name: 'attributes of files', required: false, ask: async () => attributes()},
    {
      name: 'schedule',
      required: false,
      ask: async () => schedule(config, {env, now: new Date(), folders: systemFolders(env)}),
    },
  ];
  if (context !== undefined) {
    let read: Promise<History> | undefined;
    const history = () => {
      read ??= context.history();
      return read;
    };
    questions.push(
      {name: 'agent key', required: true, ask: () => agentKey(context)},
      {name: 'permissions', required: true, ask: async () => permissions(config, context)},
      {name: 'catalog', required: false, ask: async () => catalog(context)},
      {name: 'room', required: false, ask: async () => room(context, await history())},
      {name: 'clock', required: false, ask: async () => clock(await history())},
      {name: 'last backups', required: false, ask: async () => lastBackups(config, context, await history())},
    );
  }
  const checks: Check[] = [];
  for (const {name, required, ask} of questions) {
    const check = await answer(name, required, ask);
    checks.push(check);
    onCheck(check);
  }
  return checks;
}
