import pc from 'picocolors';
import type { CliContext } from './context.ts';
import type { Problem } from '../http/problem.ts';
import type { CliError } from './errors.ts';
import { type Column, fields, printable, table } from './table.ts';

type OutputFormat = 'text' | 'json' | 'jsonl';

interface OutputOptions {
  format: OutputFormat;
  /** Where a terminal shows colors: whether it may. */
  color: boolean;
}

type OutputContext = Pick<CliContext, 'stdout' | 'stderr' | 'environment'>;

/** Data goes to stdout, everything else to stderr (clig.dev), so that a pipe gets data only. */
export class Output {
  readonly format: OutputFormat;
  /** Colors of the data: a pipe may take it away from the terminal, and leave the notes there. */
  readonly paint: ReturnType<typeof pc.createColors>;
  readonly #notePaint: ReturnType<typeof pc.createColors>;
  readonly #stdout: CliContext['stdout'];
  readonly #stderr: CliContext['stderr'];

  constructor({ stdout, stderr, environment }: OutputContext, { format, color }: OutputOptions) {
    this.format = format;
    this.paint = pc.createColors(color && showsColor(environment, stdout));
    this.#notePaint = pc.createColors(color && showsColor(environment, stderr));
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** A line of text data. */
  line(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** One document: what `--json` prints. */
  document(value: unknown): void {
    this.line(JSON.stringify(value, null, 2));
  }

  /** One item of a stream: what `--jsonl` prints. */
  item(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** A list: a table for people, the API's document with `--json`, an item a line with `--jsonl`. */
  list<Row>(columns: Column<Row>[], page: { data: Row[]; next_cursor: string | null }): void {
    if (this.format === 'json') this.document(page);
    else if (this.format === 'jsonl') for (const row of page.data) this.item(row);
    else if (page.data.length === 0) this.note('Nothing.');
    else this.#table(columns, page.data);
  }

  /** One thing: its fields for people, the document otherwise. */
  thing(value: object, entries: [name: string, value: unknown][]): void {
    if (this.format === 'json') this.document(value);
    else if (this.format === 'jsonl') this.item(value);
    else for (const line of fields(entries)) this.line(line);
  }

  /** What a person is told beside the data. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** What a person should mend. */
  warn(text: string): void {
    this.note(this.#notePaint.yellow(text));
  }

  /** Which command is likely next; programs that read JSON need no hint. */
  hint(command: string): void {
    if (this.format === 'text') this.note(this.#notePaint.dim(`Next: ${command}`));
  }

  error({ problem }: CliError): void {
    if (problem === null) return;
    if (this.format === 'text') this.#problem(problem);
    else this.note(JSON.stringify(problem));
  }

  #problem({ detail, title, errors }: Problem): void {
    this.note(`${this.#notePaint.red('Error:')} ${printable(detail || title)}`);
    for (const { path, message } of errors) this.note(`  ${printable(path)}: ${printable(message)}`);
  }

  #table<Row>(columns: Column<Row>[], rows: Row[]): void {
    const width = this.#stdout.isTTY === true ? this.#stdout.columns : undefined;
    const [head, ...lines] = table(columns, rows, width);
    this.line(this.paint.bold(head ?? ''));
    for (const line of lines) this.line(line);
  }
}

/** NO_COLOR (no-color.org) switches colors off; so does an output that is no terminal. */
const showsColor = (environment: CliContext['environment'], { isTTY }: { isTTY?: boolean }): boolean =>
  !environment.NO_COLOR && environment.TERM !== 'dumb' && isTTY === true;
