export { digest } from './digest.ts';
export { endpoint } from './endpoint.ts';
export { eraseLead } from './erase.ts';
export { lead } from './lead.ts';
export { notice } from './notice.ts';
export { recovery, recoveryJob } from './recovery.ts';
export { resend } from './resend.ts';
export { retention } from './retention.ts';
export { widget } from './widget.ts';
