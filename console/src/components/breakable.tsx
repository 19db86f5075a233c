import { Fragment } from 'react';

/** A path or an address that may be broken behind its slashes and dots, not within a word. */
export const Breakable = ({ text }: { text: string }) =>
  text.split(/(?<=[/.])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text, in its order
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
