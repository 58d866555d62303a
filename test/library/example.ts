import {readFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {
  type BackupResult,
  backup,
  Catalog,
  generateRecipientKey,
  initRepository,
  openRepository,
  openTarget,
  parseConfig,
  type RestoreResult,
  readHistory,
  readPrivateKey,
  readRecipient,
  restoreToFolder,
  Secret,
  selectSnapshot,
  TrustFile,
  trustedAgents,
  unlockPrivateKey,
  type VerifyResult,
  verify,
  writePrivateFile,
} from '../../src/index.ts';

/** On a client machine: the key pair. Only `publicKey` may be copied to the VM. */
export async function makeKeys(folder: string, passphrase: string): Promise<void> {
  const made = await generateRecipientKey({
    name: 'ops',
    now: new Date(),
    passphrase: new Secret(passphrase),
  });
  writePrivateFile(join(folder, 'ops.private.asc'), made.privateKey);
  writePrivateFile(join(folder, 'ops.public.asc'), made.publicKey);
}

/** On the VM: makes the repository where there is none, then a snapshot: full at first, then incremental. */
export async function backUp(
  folder: string,
  {place, state, publicKey}: {place: string; state: string; publicKey: string},
): Promise<BackupResult> {
  const now = () => new Date();
  const recipients = [await readRecipient(readFileSync(publicKey), publicKey, now())];
  await using target = await openTarget(place, '/');
  const {repository, agent} = await initRepository(target, {
    recipients,
    join: false,
    now,
    agentPath: () => join(state, 'agent.private.asc'),
  });
  const trust = new TrustFile(join(state, 'seen.json'), repository.id);
  trust.approve([agent.fingerprint]);
  const {keys: agents} = await trustedAgents(repository, trust);
  using catalog = Catalog.open(join(state, 'catalog.db'), {repositoryId: repository.id});
  const config = parseConfig(JSON.stringify({sources: {app: {folder}}}), {
    path: join(state, 'holdfast.yaml'),
    env: {},
  });
  return await backup(
    {
      repository,
      catalog,
      trust,
      agents,
      agent,
      recipients,
      host: hostname(),
      ownPaths: [state],
      now,
      concurrency: 2,
      onNote: (source, note) => console.log(`${source}: ${note}`),
    },
    [...config.sources.values()],
    {tags: ['nightly']},
  );
}

/** On any machine with the private key: restores the newest snapshot, and verifies all of them down to the content. */
export async function restoreLatest(
  to: string,
  {place, state, privateKey}: {place: string; state: string; privateKey: string},
  passphrase: string,
): Promise<{restored: RestoreResult; verified: VerifyResult}> {
  const locked = await readPrivateKey(readFileSync(privateKey), privateKey);
  const key = await unlockPrivateKey(locked, new Secret(passphrase));
  await using target = await openTarget(place, '/');
  const repository = await openRepository(target);
  const trust = new TrustFile(join(state, 'seen.json'), repository.id);
  const {keys: agents, metFirst} = await trustedAgents(repository, trust);
  if (metFirst !== undefined) console.log(`Signed by agent ${metFirst}: is that your VM?`);
  const history = await readHistory(repository, agents, trust);
  for (const {object, problem} of history.problems) console.warn(`${object}: ${problem}`);
  const seal = selectSnapshot(history, 'latest:app');
  const source = history.sources.find(({source}) => source === seal.source);
  if (source === undefined) throw new Error('A selected snapshot always has a source.');
  const context = {repository, agents, key};
  const restored = await restoreToFolder(context, source, seal, to, {overwrite: 'never'});
  return {restored, verified: await verify(context, history, {level: 'content'})};
}
