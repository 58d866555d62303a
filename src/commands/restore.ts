import {once} from 'node:events';
import {closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, rmSync} from 'node:fs';
import {resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {parseDatabaseUrl} from '../cli/database-url.ts';
import {keyFlags, progressFlags} from '../cli/flags.ts';
import {counted, formatBytes, formatDuration} from '../cli/output.ts';
import {RepositoryCommand} from '../cli/repository-command.ts';
import {displayPath} from '../cli/terminal.ts';
import {EXIT, UsageError} from '../errors.ts';
import {type RestoreResult, restoreDryRun, restoreToFolder, restoreToTar} from '../operations/restore.ts';
import {
  type DatabaseTarget,
  type RestoreDatabaseResult,
  restoreToDatabase,
} from '../operations/restore-database.ts';
import {compileIncludes} from '../operations/selection.ts';
import {compileExcludes} from '../sources/folder/exclude.ts';
import {useLittleMemory} from '../system/memory.ts';
import {Secret} from '../system/secret.ts';

type RestoreDatabaseJson = RestoreDatabaseResult & {readonly seconds: number; readonly to: null};
type RestoreJson = RestoreResult & {readonly seconds: number; readonly to: string | null};

export default class Restore extends RepositoryCommand {
  static override summary =
    'Restore a snapshot, or a part of it. Needs the repository and the private key, nothing else.';
  static override description =
    'What is restored lies directly in the folder that --to names. Run again after an interruption, it completes what is missing; ' +
    'files that are there and differ are kept unless --overwrite says otherwise.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --to /srv/restored --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> etc@2026-11-20 --include nginx --to /tmp/nginx --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> latest:orders --database postgres://admin@db2/orders_restored --key ops.private.asc',
    '<%= config.bin %> <%= command.id %> latest:app --tar - --key ops.private.asc | ssh app02 tar -x -C /srv/app',
  ];
  static override args = {
    snapshot: Args.string({
      required: true,
      description: 'id or its beginning, latest, latest:SOURCE or SOURCE@TIME',
    }),
  };
  static override flags = {
    ...keyFlags,
    ...progressFlags,
    to: Flags.string({
      helpValue: 'DIR',
      description: 'the folder to restore into',
      exclusive: ['tar', 'database'],
    }),
    database: Flags.string({
      helpValue: 'URL',
      description:
        'load a dump into this database (postgres://, mysql:// or mongodb://), which is made, and compare it with what was dumped',
      exclusive: ['tar', 'dry-run', 'include', 'exclude'],
    }),
    from: Flags.string({
      helpValue: 'NAME',
      description: 'the database of the dump, where it has several',
      dependsOn: ['database'],
    }),
    'in-place': Flags.boolean({
      description:
        'with --database: take the place of the very database that was dumped, which is kept under another name',
      dependsOn: ['database'],
    }),
    roles: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'with --database: make the roles that the server lacks',
    }),
    jobs: Flags.integer({
      helpValue: 'N',
      min: 1,
      max: 64,
      description:
        'with --database: how many processes load a dump in the format "directory"; one per processor by default',
      dependsOn: ['database'],
    }),
    work: Flags.string({
      helpValue: 'DIR',
      description: 'with --database: where the files of such a dump lie meanwhile, instead of in memory',
      dependsOn: ['database'],
    }),
    tar: Flags.string({helpValue: 'FILE', description: 'write a tar archive instead; - for standard output'}),
    include: Flags.string({
      multiple: true,
      helpValue: 'PATTERN',
      description: 'only this, and what is in it; syntax of .gitignore. One that matches nothing is exit 3',
    }),
    exclude: Flags.string({
      multiple: true,
      helpValue: 'PATTERN',
      description: 'leave this out; syntax of .gitignore',
    }),
    overwrite: Flags.option({
      options: ['never', 'changed', 'always'] as const,
      default: 'never' as const,
      description: 'what happens to files that are there already and differ',
    })(),
    'dry-run': Flags.boolean({description: 'write nothing; tell what would be restored'}),
    owners: Flags.boolean({allowNo: true, description: 'bring back owners; by default only as root'}),
    special: Flags.boolean({
      allowNo: true,
      description: 'bring back setuid bits, devices and security attributes; by default only as root',
    }),
  };

  async run(): Promise<RestoreJson | RestoreDatabaseJson> {
    const {args, flags} = await this.parse(Restore);
    useLittleMemory('unpack'); // Before threads start.
    if (
      flags.to === undefined &&
      flags.tar === undefined &&
      flags.database === undefined &&
      !flags['dry-run']
    ) {
      throw new UsageError('Where should it be restored to?', {
        hint: 'Name an empty folder with --to DIR, or write an archive with --tar FILE.',
      });
    }
    if (flags.tar === '-' && flags.json === true)
      throw new UsageError('--tar - and --json both write to standard output.', {
        hint: 'Leave one of them out, or give --tar a file.',
      });
    const include = flags.include && compileIncludes(flags.include);
    const selection = {
      ...(include && {include: include.filter}),
      ...(flags.exclude && {exclude: compileExcludes(flags.exclude)}),
    };
    const started = performance.now();
    await using context = await this.open(flags);
    const {seal, source} = this.select(await context.history(), args.snapshot);
    const restore = {
      repository: context.repository,
      agents: context.agents,
      key: await context.key(),
      signal: this.signal,
      onProgress: this.showProgress,
    };
    if (flags.database !== undefined) {
      const target = this.#databaseOf(flags.database);
      const done = await restoreToDatabase(restore, source, seal, target, {
        from: flags.from,
        overwrite: flags.overwrite === 'always',
        inPlace: flags['in-place'],
        roles: flags.roles,
        jobs: flags.jobs,
        work: flags.work === undefined ? undefined : resolve(flags.work),
        now: () => new Date(),
      });
      const seconds = (performance.now() - started) / 1000;
      this.#tellDatabase(done, seconds);
      return {...done, seconds, to: null};
    }
    const to = flags.to === undefined ? null : resolve(flags.to);
    let result: RestoreResult;
    if (flags['dry-run'])
      result = await restoreDryRun(restore, source, seal, selection, flags.tar !== undefined);
    else if (flags.tar !== undefined)
      result = await this.#tar(flags.tar, (output) => restoreToTar(restore, source, seal, output, selection));
    else {
      const {overwrite, owners, special} = flags;
      result = await restoreToFolder(restore, source, seal, to as string, {
        ...selection,
        overwrite,
        ...(owners !== undefined && {owners}),
        ...(special !== undefined && {special}),
      });
    }
    const unmatched = [...(include?.unmatched.keys() ?? [])].map((pattern) => ({
      path: '',
      problem: `--include "${pattern}" matches nothing in this snapshot; paths are relative to the folder that was backed up`,
    }));
    result = {...result, warnings: [...unmatched, ...result.warnings]};
    const seconds = (performance.now() - started) / 1000;
    this.#tell(result, seconds, flags['dry-run'], flags.tar === '-');
    return {...result, seconds, to};
  }

  #databaseOf(url: string): DatabaseTarget {
    const target = parseDatabaseUrl(url);
    if (target.connection.password !== undefined) {
      this.warn(
        'The password in --database can be seen by others on this machine. Better: PGPASSFILE or ~/.pgpass, ~/.my.cnf, MONGODB_PASSWORD.',
      );
      return target;
    }
    const password = process.env['MONGODB_PASSWORD'];
    if (target.kind !== 'mongodb' || !password) return target;
    return {...target, connection: {...target.connection, password: new Secret(password)}};
  }

  #tellDatabase(
    {snapshot, source, database, tables, bytes, warnings, problems, damagedObjects}: RestoreDatabaseResult,
    seconds: number,
  ): void {
    for (const warning of warnings) this.warn(warning);
    this.warnOfDamage(damagedObjects);
    for (const message of problems)
      this.output.error({code: 'DAMAGED', exitCode: EXIT.notVerified, message, hint: undefined});
    const isSame = problems.length === 0 ? ', the same as when it was dumped' : '';
    this.log(
      `Restored ${source} snapshot ${snapshot} into the database ${database}: ${tables} tables, ${formatBytes(bytes)} in ${formatDuration(seconds * 1000)}${isSame}.`,
    );
    if (warnings.length > 0) this.incomplete();
    if (problems.length > 0) this.endWith(EXIT.notVerified);
  }

  async #tar(
    file: string,
    write: (output: NodeJS.WritableStream) => Promise<RestoreResult>,
  ): Promise<RestoreResult> {
    if (file === '-') return write(process.stdout);
    const path = resolve(file);
    if (existsSync(path))
      throw new UsageError(`${path} exists already, and is not overwritten.`, {
        hint: 'Name another file with --tar, or remove this one.',
      });
    // Half an archive never has the final name.
    const part = `${path}.part`;
    rmSync(part, {force: true});
    const descriptor = openSync(part, 'wx', 0o600);
    try {
      const output = createWriteStream(part, {fd: descriptor, autoClose: false});
      const failed = once(output, 'error').then(([error]) => Promise.reject(error));
      failed.catch(() => {}); // It fails in the races below; between them, it must not count as a rejection that nobody handles.
      const result = await Promise.race([write(output), failed]);
      output.end();
      await Promise.race([once(output, 'finish'), failed]);
      fsyncSync(descriptor);
      renameSync(part, path);
      return result;
    } catch (error) {
      rmSync(part, {force: true});
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  #tell(
    {
      snapshot,
      source,
      files,
      bytes,
      entries,
      warnings,
      warningsOmitted,
      damaged,
      damagedObjects,
    }: RestoreResult,
    seconds: number,
    isDryRun: boolean,
    isPiped: boolean,
  ): void {
    for (const {path, problem} of warnings)
      this.warn(path === '' ? problem : `${displayPath(path)}: ${problem}`);
    if (warningsOmitted > 0) this.warn(`and ${warningsOmitted} more`);
    this.warnOfDamage(damagedObjects);
    for (const {path, problem} of damaged) {
      const whose = path === '' ? 'The folder itself' : displayPath(path);
      this.output.error({
        code: 'DAMAGED',
        exitCode: EXIT.notVerified,
        message: `${whose} was not restored: ${problem}`,
        hint: undefined,
      });
    }
    const say = (text: string): void => (isPiped ? this.logToStderr(text) : this.log(text));
    const what = `of ${source} snapshot ${snapshot}`;
    const took = ` in ${formatDuration(seconds * 1000)}`;
    const {written, present} = entries;
    const isSmooth = damaged.length + damagedObjects.length + warnings.length + warningsOmitted === 0;
    if (written === 0 && present > 0 && isSmooth)
      say(
        `Nothing to restore: ${present === 1 ? 'the one entry' : `all ${present} entries`} ${what} ${present === 1 ? 'was' : 'were'} there already.`,
      );
    else if (written === 0 && present === 0 && isSmooth) say(`There is nothing to restore ${what}.`);
    else {
      say(
        `${isDryRun ? 'Would restore' : 'Restored'} ${written === 0 ? 'nothing' : `${counted(written, 'entry')} (${counted(files, 'file')}, ${formatBytes(bytes)})`} ${what}${took}.`,
      );
      if (present > 0) say(`${counted(present, 'entry')} ${present === 1 ? 'was' : 'were'} there already.`);
    }
    if (warnings.length + warningsOmitted > 0) this.incomplete();
    if (damaged.length > 0) this.endWith(EXIT.notVerified);
  }
}
