/** Words in which names stand between backticks, as the API writes them. */
export const InlineCode = ({ text }: { text: string }) =>
  text.split('`').map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, which do not move
    index % 2 === 1 ? <code key={index}>{part}</code> : part,
  );
