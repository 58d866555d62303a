/** Text as roff takes it: nothing in it is a request, an escape or a dash. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replace(/^\./gm, '\\&.');
}

/** Prose: hyphens stay hyphens, and `code` becomes bold. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.length > 2 && part.startsWith('`') && part.endsWith('`')
        ? bold(part.slice(1, -1))
        : roff(part).replace(/(?<=\w)\\-(?=\w)/g, '-'),
    )
    .join('');
}

/** What is typed as it stands. */
export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

/** What stands for something else. */
export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

/** Lines of prose, one paragraph each. */
export function paragraphs(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => prose(line.trim()))
    .join('\n.PP\n');
}

/** A term, already roff, and what is to be said of it. */
export function item(term: string, text: string): string {
  return `.TP\n${term}\n${text}`;
}

/** What is typed, or shown, line by line. */
export function verbatim(text: string): string {
  return `.PP\n.RS 4\n.nf\n${roff(text)}\n.fi\n.RE`;
}

export function section(title: string, ...parts: string[]): string {
  const [first = '', ...others] = parts.filter((part) => part !== '');
  return [`.SH ${title}`, first.replace(/^\.PP\n/, ''), ...others].join('\n');
}

export interface Heading {
  /** `holdfast-backup` */
  readonly name: string;
  readonly section: 1 | 5;
  readonly summary: string;
  readonly date: string;
  readonly version: string;
}

export function page({name, section: number, summary, date, version}: Heading, sections: string[]): string {
  return `${[
    `.\\" Made by "npm run pack:deb" from the program itself. Do not edit.`,
    `.TH ${roff(name).toUpperCase()} ${number} ${date} "Holdfast ${version}" Holdfast`,
    '.nh',
    '.ad l',
    section('NAME', `${roff(name)} \\- ${prose(summary)}`),
    ...sections,
  ].join('\n')}\n`;
}
