import { WARNINGS_MOST } from '../repository/snapshot.js';
import { pathText } from '../system/utf8.js';
/** Warnings of one run, in whose paths bytes that are not UTF-8 are escaped as `\xff`: the first thousand, and how many more there were. */
export class WarningList {
    kept = [];
    omitted = 0;
    add(path, problem) {
        if (this.kept.length < WARNINGS_MOST)
            this.kept.push({ path: pathText(path), problem });
        else
            this.omitted++;
    }
    get count() {
        return this.kept.length + this.omitted;
    }
}
