export interface Column<Row> {
  title: string;
  /** The cell; null and undefined are shown as `-`. */
  value: (row: Row) => string | number | null | undefined;
  align?: 'left' | 'right';
}

/** Terminals treat these as commands; a partner's text may hold them. Tab and line end would break the columns. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f]+/g;

/** Makes text from outside harmless for a terminal: one line, no control characters. */
export const printable = (text: string): string => text.replace(controls, ' ');

/**
 * Lays rows out in columns, a title line first;
 * cells are cut so that no line is longer than `width`, where one is given.
 */
export function table<Row>(columns: Column<Row>[], rows: Row[], width = Number.POSITIVE_INFINITY): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => printable(String(value(row) ?? '-'))));
  const lines = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, index) => {
        const size = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(size) : cell.padEnd(size);
      })
      .join('  ')
      .slice(0, width)
      .trimEnd(),
  );
}

/** Lays one thing's fields out, a name and a value a line. */
export function fields(entries: [name: string, value: unknown][]): string[] {
  const size = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(size)}  ${inCell(value)}`.trimEnd());
}

const inCell = (value: unknown): string => {
  if (value === null || value === undefined) return '-';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
};
