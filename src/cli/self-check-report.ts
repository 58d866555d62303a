/** What a backup saw of what earlier ones stored, for people. */
import {isMended, type SelfCheck} from '../operations/self-check.ts';
import {counted, formatBytes} from './output.ts';

/** Lines without their indentation; none where nothing was looked at. */
export function selfCheckLines({objects, bytes, all, allSeenSince, late, damaged}: SelfCheck): string[] {
  const lines: string[] = [];
  if (objects > 0)
    lines.push(
      `self-check: ${objects} of ${counted(all.objects, 'object')} read, ${formatBytes(bytes)}; all of them since ${allSeenSince?.slice(0, 10)}`,
    );
  if (late) lines.push('self-check: that is longer ago than "selfCheck.every" wants; raise "selfCheck.most"');
  const known = damaged.filter((object) => !object.isNew && !isMended(object)).length;
  if (known > 0)
    lines.push(
      `self-check: ${counted(known, 'object')} known to be damaged or missing; "holdfast status" names them`,
    );
  return lines;
}
