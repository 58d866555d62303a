/** Many machines on a screen: what is wrong first, and what is well in one line. */
import type {FleetStatus} from '../operations/fleet/fleet.ts';
import type {MachineStatus} from '../operations/fleet/judge.ts';
import {counted, formatBytes, formatDuration, renderTable} from './output.ts';
import {displayMessage, displayName} from './terminal.ts';

/** So many machines that are well are shown one by one. */
const WELL_SHOWN = 20;

export interface FleetViewOptions {
  readonly now: Date;
  readonly width: number | undefined;
  /** Show every machine that is well, too. */
  readonly all: boolean;
}

export function renderFleet({machines, counts, prefix}: FleetStatus, options: FleetViewOptions): string {
  const bad = machines.filter(({ok}) => !ok);
  const well = machines.filter(({ok}) => ok);
  const showsWell = options.all || well.length <= WELL_SHOWN;
  const shown = [...bad, ...(showsWell ? well : [])];
  const parts: string[] = [];
  if (shown.length > 0) parts.push(table(shown, options));
  if (bad.length > 0)
    parts.push(
      bad
        .flatMap(({machine, problems}) =>
          problems.map(({source, problem}) => {
            const where = source === null ? machine : `${machine}, ${source}`;
            return `! ${displayName(where)}: ${displayMessage(problem)}`;
          }),
        )
        .join('\n'),
    );
  const rest = showsWell ? '' : ` ${counts.ok} are well: --all shows them, too.`;
  parts.push(
    counts.problems === 0
      ? `All is well: ${counted(counts.machines, 'machine')} below ${prefix}.${rest}`
      : `${counts.problems} of ${counted(counts.machines, 'machine')} below ${prefix} need attention.${rest}`,
  );
  return parts.join('\n\n');
}

function table(machines: readonly MachineStatus[], {now, width}: FleetViewOptions): string {
  const age = (time: string | null): string =>
    time === null ? 'never' : formatDuration(Math.max(0, now.getTime() - Date.parse(time)));
  return renderTable(
    [
      {title: 'STATE'},
      {title: 'MACHINE', flexible: true},
      {title: 'SOURCES', align: 'right'},
      {title: 'LAST BACKUP'},
      {title: 'EVERY'},
      {title: 'PROVEN'},
      {title: 'SIZE', align: 'right'},
    ],
    machines.map(({state, machine, sources, lastSuccess, lastProven}) => [
      state,
      displayName(machine),
      String(sources.length),
      sources.length === 0 ? '' : age(lastSuccess),
      every(sources.map(({everyMs}) => everyMs)),
      sources.length === 0 ? '' : age(lastProven),
      formatBytes(sources.reduce((sum, {bytes}) => sum + bytes, 0)),
    ]),
    width,
  );
}

/** The shortest of the rhythms. */
function every(rhythms: readonly (number | null)[]): string {
  const known = rhythms.filter((ms) => ms !== null);
  return known.length === 0 ? '' : formatDuration(Math.min(...known));
}
