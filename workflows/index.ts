export { lead } from './lead.ts';
export { widget } from './widget.ts';
