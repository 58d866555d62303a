/** Text as HTML: whatever comes from outside goes through here. */
export function html(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption: string,
): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell, index) => (index === 0 ? `<th scope="row">${cell}</th>` : `<td>${cell}</td>`)).join('');
  return `<table><caption>${html(caption)}</caption><thead><tr>${head
    .map((title) => `<th scope="col">${html(title)}</th>`)
    .join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table>`;
}
