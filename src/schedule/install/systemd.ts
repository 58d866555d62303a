/** Units of systemd: for each job a timer, and a hardened service that runs it once. */
import {join} from 'node:path';
import {EXIT} from '../../errors.ts';
import {jitterMost} from '../due.ts';
import type {Job} from '../jobs.ts';
import {afterGap, calendarOf} from './calendar.ts';
import {
  hasCommands,
  type InstalledFile,
  markLine,
  PATH,
  readPlaces,
  type Setting,
  writtenFolders,
} from './setting.ts';

/** @param folder such as `/etc/systemd/system` */
export function systemdUnits(
  jobs: readonly Job[],
  setting: Setting,
  {folder, now}: {folder: string; now: Date},
): InstalledFile[] {
  return jobs.flatMap((job) => {
    const unit = join(folder, `${setting.name}-${job.name}`);
    return [
      {path: `${unit}.service`, text: serviceOf(job, setting)},
      {path: `${unit}.timer`, text: timerOf(job, setting, now)},
    ];
  });
}

function timerOf(job: Job, setting: Setting, now: Date): string {
  const {cron, timeZone} = job;
  const later = afterGap(cron, timeZone);
  const delayMs = jitterMost(job, {jitterMs: setting.config.schedule.jitterMs, now});
  return lines(
    markLine(setting.config.file),
    '[Unit]',
    `Description=Holdfast: when ${job.name} runs`,
    '',
    '[Timer]',
    `# cron: ${cron}`,
    ...calendarOf(cron, timeZone).map((line) => `OnCalendar=${line}`),
    ...(later.length === 0
      ? []
      : ['# For the day on which the clock is put forward; on all others this finds nothing due.']),
    ...later.map((line) => `OnCalendar=${line}`),
    '# What was missed while the machine was off is made up, once; so is a run that a shutdown cut off.',
    'Persistent=true',
    'OnBootSec=15min',
    `RandomizedDelaySec=${Math.round(delayMs / 1000)}`,
    'FixedRandomDelay=true',
    'AccuracySec=1s',
    '',
    '[Install]',
    'WantedBy=timers.target',
  );
}

function serviceOf(job: Job, setting: Setting): string {
  const {config, environmentFile, program, home, stateHome, isRoot} = setting;
  const words = [...program, 'schedule', 'run', job.name, '--due', '--no-jitter', '--config', config.file];
  const credentials =
    environmentFile === undefined ? '' : ' --environment ${CREDENTIALS_DIRECTORY}/environment';
  return lines(
    markLine(config.file),
    '[Unit]',
    `Description=Holdfast: ${job.name}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `# Runs what is due. To run it at once: holdfast schedule run ${job.name}`,
    `ExecStart=${words.map(word).join(' ')}${credentials}`,
    ...(environmentFile === undefined
      ? []
      : [`LoadCredential=environment:${escapePercent(environmentFile)}`]),
    `Environment=PATH=${PATH}`,
    `Environment=${word(`HOME=${home}`)}`,
    ...(stateHome === undefined ? [] : [`Environment=${word(`XDG_STATE_HOME=${stateHome}`)}`]),
    '# Done, with warnings: "notify" tells of them, and the unit has not failed.',
    `SuccessExitStatus=${EXIT.incomplete}`,
    '# A backup takes as long as it takes; told to stop, it finishes the object in flight.',
    'TimeoutStartSec=infinity',
    'TimeoutStopSec=5min',
    'KillMode=mixed',
    'UMask=0077',
    'Nice=10',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    'LockPersonality=true',
    'RestrictRealtime=true',
    'SystemCallArchitectures=native',
    ...(isRoot ? hardening(job, setting) : []),
  );
}

/** Of the system's own manager only: mounts need its rights. What nobody can know about a user's own commands is left open. */
function hardening(job: Job, setting: Setting): string[] {
  const isFree = hasCommands(setting) || job.kind === 'drill';
  const written = writtenFolders(setting);
  const places = [...written, ...readPlaces(setting)];
  const inTmp = places.some((place) => /^\/(?:var\/)?tmp(?:\/|$)/.test(place));
  const state = setting.stateFolder === '/var/lib/holdfast';
  return [
    'CacheDirectory=holdfast',
    'CacheDirectoryMode=0700',
    'Environment=XDG_CACHE_HOME=/var/cache',
    ...(state ? ['StateDirectory=holdfast', 'StateDirectoryMode=0700'] : []),
    ...(isFree ? ['# Commands of the configuration may write outside of the system.'] : []),
    `ProtectSystem=${isFree ? 'full' : 'strict'}`,
    ...(isFree ? [] : ['ProtectHome=read-only']),
    ...written.map((path) => `ReadWritePaths=${word(`-${path}`)}`),
    ...(inTmp ? [] : ['PrivateTmp=true']),
    ...(isFree ? [] : ['NoNewPrivileges=true', 'RestrictSUIDSGID=true']),
    'ProtectKernelTunables=true',
    'ProtectKernelModules=true',
    'ProtectKernelLogs=true',
    'ProtectControlGroups=true',
    'ProtectClock=true',
    'ProtectHostname=true',
    'RestrictNamespaces=true',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'CapabilityBoundingSet=~CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_PTRACE CAP_SYS_RAWIO CAP_SYS_TIME CAP_NET_ADMIN CAP_NET_RAW CAP_BPF CAP_MAC_ADMIN',
  ];
}

/** A word as systemd reads it: `%` and `$` are its own. */
function word(text: string): string {
  const escaped = escapePercent(text).replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
