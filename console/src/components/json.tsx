import { Fragment, type ReactNode } from 'react';
import { Code } from './code.tsx';

// A string with a colon behind it is a key. Numbers are taken as text, so that none is rounded.
const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|\btrue\b|\bfalse\b|\bnull\b/g;

/** JSON as it was written, coloured; the text itself is never changed. */
export function colouredJson(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(tokens)) {
    const [whole, string, colon] = match;
    parts.push(text.slice(end, match.index));
    const kind = string === undefined ? 'json-other' : colon === undefined ? 'json-string' : 'json-key';
    parts.push(
      <Fragment key={match.index}>
        <span className={kind}>{string ?? whole}</span>
        {colon}
      </Fragment>,
    );
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

/** Lays JSON text out over lines without parsing it: digits, escapes and order stay as they are. */
export function laidOut(text: string): string {
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g, (token) => {
    if (token === '{' || token === '[') {
      depth += 1;
      return token + line();
    }
    if (token === '}' || token === ']') {
      depth -= 1;
      return line() + token;
    }
    if (token === ',') return token + line();
    if (token === ':') return ': ';
    return token.trim() === '' ? '' : token;
  });
}

export const Json = ({ value, title }: { value: unknown; title: string }) => {
  const text = JSON.stringify(value, null, 2);
  return (
    <Code text={text} title={title}>
      {colouredJson(text)}
    </Code>
  );
};
